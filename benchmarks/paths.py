"""The hot paths over HTTP, each in alternation with the bare framework."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from app.core.database import Database
from benchmarks import load, questions
from benchmarks.dataset import People, SignedIn, people_of, sign_in
from benchmarks.load import Load, Requests
from benchmarks.quiet import undisturbed
from benchmarks.servers import Server, clinic_server, hello_server, serving

ONE_DAY, FOUR_WEEKS = 1, 28
WARMING_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Effort:
    """How the servers are loaded, how often and how long."""

    connections: int
    rounds: int
    seconds: int = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """How a path compares with the bare framework: medians of the rounds, and the worst one."""

    path: str
    engine: str
    connections: int
    ratio: float
    lowest: float
    clinic: Load
    hello: Load


@dataclass(frozen=True, slots=True)
class HotPath:
    """What is asked. What must not be remembered is asked once in a server's life."""

    name: str
    requests: Requests
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A copy of the data set, with those who ask signed in."""

    engine: str
    url: str
    people: People
    regular: SignedIn
    newcomers: list[SignedIn]


def prepared(engine: str, url: str) -> Stage:
    with closing(Database(url)) as database:
        people = people_of(database)
        regular, *newcomers = sign_in(
            database, [people.regular, *people.newcomers], datetime.now(UTC)
        )
    return Stage(engine, url, people, regular, newcomers)


def measure(
    stage: Stage, folder: Path, efforts: Sequence[Effort], *, workers: int
) -> Iterator[Ratio]:
    """Every hot path on one database, with each effort."""
    with (
        serving(hello_server(folder, workers=workers)) as hello,
        serving(clinic_server(stage.url, folder, workers=workers)) as clinic,
    ):
        base = questions.as_file([questions.HELLO], folder, "hello")
        for path in hot_paths(stage, clinic, folder):
            warm_up(clinic, path)
            for effort in efforts:
                pairs = alternating(hello, base, clinic, path, effort)
                yield _as_ratio(pairs, path, stage.engine, effort.connections)


def hot_paths(stage: Stage, clinic: Server, folder: Path) -> Iterator[HotPath]:
    """The booking comes last: it changes the diaries."""
    doctors, weekdays = stage.people.doctors, stage.people.weekdays
    for days, span in ((ONE_DAY, "one day"), (FOUR_WEEKS, "28 days")):
        name = f"free slots, {span}"
        new = questions.as_file(questions.distinct_searches(weekdays, days), folder, "new")
        yield HotPath(f"{name}, nothing remembered", new, is_new=True)
        again = questions.as_file(questions.repeated_searches(doctors, days), folder, "again")
        yield HotPath(f"{name}, asked again", again)
        conditional = questions.conditional_searches(clinic, doctors, days)
        if conditional is not None:
            file = questions.as_file(conditional, folder, "conditional", expected=304)
            yield HotPath(f"{name}, If-None-Match", file)
    own = questions.as_file(questions.own_appointments(stage.regular), folder, "own")
    yield HotPath("own appointments, 20 of them", own)
    slots = questions.free_slots(clinic, doctors)
    wanted = questions.bookings(stage.newcomers, slots)
    booked = questions.as_file(wanted, folder, "book", expected=201)
    yield HotPath("book an appointment", booked)


def warm_up(clinic: Server, path: HotPath) -> None:
    load.run(clinic, path.requests, connections=WARMING_CONNECTIONS, seconds=1)


def alternating(
    hello: Server, base: Requests, clinic: Server, path: HotPath, effort: Effort
) -> list[tuple[Load, Load]]:
    """The loads of both servers, round by round."""
    connections, seconds = effort.connections, effort.seconds

    def one_round() -> tuple[Load, Load]:
        if path.is_new and not path.requests.suffice_for(seconds):
            clinic.restart()
            path.requests.rewind()
        return (
            load.run(hello, base, connections=connections, seconds=seconds),
            load.run(clinic, path.requests, connections=connections, seconds=seconds),
        )

    return undisturbed(one_round, effort.rounds)


def _as_ratio(
    pairs: list[tuple[Load, Load]], path: HotPath, engine: str, connections: int
) -> Ratio:
    ratios = [clinic.rate / hello.rate for hello, clinic in pairs]
    return Ratio(
        path=path.name,
        engine=engine,
        connections=connections,
        ratio=median(ratios),
        lowest=min(ratios),
        hello=_median([hello for hello, _ in pairs]),
        clinic=_median([clinic for _, clinic in pairs]),
    )


def _median(loads: list[Load]) -> Load:
    return Load(
        rate=median(each.rate for each in loads),
        p50=median(each.p50 for each in loads),
        p99=median(each.p99 for each in loads),
        cpu=median(each.cpu for each in loads),
    )

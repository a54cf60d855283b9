"""The hot paths over HTTP, each in alternation with the bare framework."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median

from sqlalchemy import update

from app.core.database import open_url
from app.models.models import DiaryRevision
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
    """What a server is asked, and what makes it `forget` its answers when all have been asked."""

    name: str
    server: Server
    requests: Requests
    forget: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A copy of the data set, with those who ask signed in."""

    engine: str
    url: str
    people: People
    regular: SignedIn
    newcomers: list[SignedIn]


def prepared(engine: str, url: str) -> Stage:
    with closing(open_url(url)) as database:
        people = people_of(database)
        regular, *newcomers = sign_in(
            database, [people.regular, *people.newcomers], datetime.now(UTC)
        )
    return Stage(engine, url, people, regular, newcomers)


def measure(
    stages: Sequence[Stage], folder: Path, efforts: Sequence[Effort], *, workers: int
) -> Iterator[Ratio]:
    """Every hot path with each effort, on all databases side by side."""
    with ExitStack() as running:

        def started(server: Server) -> Server:
            return running.enter_context(serving(server))

        hello = started(hello_server(folder, workers=workers))
        clinics = [started(clinic_server(each.url, folder, workers=workers)) for each in stages]
        bare = HotPath("hello", hello, questions.as_file([questions.HELLO], folder, "hello"))
        for same_path in zip(*map(hot_paths, stages, clinics, repeat(folder)), strict=True):
            with ThreadPoolExecutor() as together:
                list(together.map(warm_up, same_path))
            for effort in efforts:
                bare_loads, *clinic_loads = zip(
                    *alternating([bare, *same_path], effort), strict=True
                )
                for stage, path, loads in zip(stages, same_path, clinic_loads, strict=True):
                    yield _as_ratio(path.name, stage.engine, effort.connections, bare_loads, loads)


def hot_paths(stage: Stage, clinic: Server, folder: Path) -> Iterator[HotPath]:
    """The booking comes last: it changes the diaries."""
    doctors, weekdays = stage.people.doctors, stage.people.weekdays

    def path(
        name: str,
        requests: Sequence[bytes],
        *,
        expected: int = 200,
        forget: Callable[[], None] | None = None,
    ) -> HotPath:
        file = questions.as_file(requests, folder, f"{stage.engine}, {name}", expected=expected)
        return HotPath(name, clinic, file, forget)

    forget = partial(forget_answers, stage.url)
    for days, span in ((ONE_DAY, "one day"), (FOUR_WEEKS, "28 days")):
        name = f"free slots, {span}"
        new = questions.distinct_searches(weekdays, days)
        yield path(f"{name}, nothing remembered", new, forget=forget)
        yield path(f"{name}, asked again", questions.repeated_searches(doctors, days))
        conditional = questions.conditional_searches(clinic, doctors, days)
        yield path(f"{name}, If-None-Match", conditional, expected=304)
    yield path("own appointments, 20 of them", questions.own_appointments(stage.regular))
    slots = questions.free_slots(clinic, doctors)
    yield path("book an appointment", questions.bookings(stage.newcomers, slots), expected=201)


def forget_answers(database_url: str) -> None:
    """Give every diary another revision, as a change of each does: no old answer holds then."""
    changed = update(DiaryRevision).values(revision=DiaryRevision.revision + 1)
    with closing(open_url(database_url)) as database, database.writing() as session:
        session.execute(changed)


def warm_up(path: HotPath) -> None:
    load.run(path.server, path.requests, connections=WARMING_CONNECTIONS, seconds=1)


def alternating(paths: Sequence[HotPath], effort: Effort) -> list[list[Load]]:
    """The loads of the servers in turn, round by round."""
    connections, seconds = effort.connections, effort.seconds

    def one_round() -> list[Load]:
        for path in paths:
            if path.forget is not None and not path.requests.suffice_for(seconds):
                path.forget()
                path.requests.rewind()
        return [
            load.run(path.server, path.requests, connections=connections, seconds=seconds)
            for path in paths
        ]

    return undisturbed(one_round, effort.rounds)


def _as_ratio(
    path: str, engine: str, connections: int, hello: Sequence[Load], clinic: Sequence[Load]
) -> Ratio:
    ratios = [ours.rate / bare.rate for bare, ours in zip(hello, clinic, strict=True)]
    return Ratio(
        path=path,
        engine=engine,
        connections=connections,
        ratio=median(ratios),
        lowest=min(ratios),
        hello=_median(hello),
        clinic=_median(clinic),
    )


def _median(loads: Sequence[Load]) -> Load:
    return Load(
        rate=median(each.rate for each in loads),
        p50=median(each.p50 for each in loads),
        p99=median(each.p99 for each in loads),
        cpu=median(each.cpu for each in loads),
    )

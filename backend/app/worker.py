"""Background work: runs the jobs of `services.jobs` until it is told to stop."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog

from app.core.clock import Clock, system_clock
from app.crud import crud_job
from app.db.database import Database
from app.db.revision import needed_revision, revision_of
from app.services.jobs import Job, all_jobs

MOST_BATCHES = 50
"""What one job does before the others have their turn."""

NOTE_SECONDS = 60.0
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 60.0
CLAIM_SECONDS = 5.0
STOP_SECONDS = 3.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _State:
    """When a job runs next, and what it did since that was last noted in the database."""

    next_at: float = 0.0
    retry_seconds: float = FIRST_RETRY_SECONDS
    succeeded_at: datetime | None = None
    done: int = 0
    failures: int = 0


class Worker:
    """Runs each job when its time has come. What fails is tried again, less and less often."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock = system_clock,
        jobs: Sequence[Job] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._states = {job: _State() for job in (all_jobs() if jobs is None else jobs)}
        self._is_ready = False
        self._ready_retry_seconds = FIRST_RETRY_SECONDS
        self._noted_at = -NOTE_SECONDS

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a batch that has begun is finished."""
        while not stop.is_set():
            stop.wait(self.run_due(stop))
        if self._is_ready:
            self._note()

    def run_due(self, stop: threading.Event | None = None) -> float:
        """Run the jobs whose time has come; the seconds until the next one's has."""
        if not self._is_ready and not self._check_schema():
            self._ready_retry_seconds = min(2 * self._ready_retry_seconds, LONGEST_RETRY_SECONDS)
            return self._ready_retry_seconds
        for job, state in self._states.items():
            if stop is not None and stop.is_set():
                return 0
            if state.next_at <= monotonic():
                self._run(job, state)
        if monotonic() - self._noted_at >= NOTE_SECONDS:
            self._note()
        soonest = min(state.next_at for state in self._states.values())
        return max(0.0, soonest - monotonic())

    def _check_schema(self) -> bool:
        try:
            with self._database.reading() as session:
                revision = revision_of(session.connection())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.warning("database_not_ready", error=str(error))
            return False
        self._is_ready = revision == needed_revision()
        if not self._is_ready:
            log.warning("database_not_ready", revision=revision, needed=needed_revision())
        return self._is_ready

    def _run(self, job: Job, state: _State) -> None:
        try:
            self._do_batches(job, state)
        except Exception as error:  # noqa: BLE001 - a job must not end the worker
            state.failures += 1
            log.warning(
                "job_failed", job=job.name, error=str(error), retry_seconds=state.retry_seconds
            )
            state.next_at = monotonic() + state.retry_seconds
            state.retry_seconds = min(2 * state.retry_seconds, LONGEST_RETRY_SECONDS)
        else:
            state.retry_seconds = FIRST_RETRY_SECONDS
            state.next_at = monotonic() + job.pause_seconds

    def _do_batches(self, job: Job, state: _State) -> None:
        for _ in range(MOST_BATCHES):
            now = self._clock()
            with self._database.reading() as session:
                is_due = job.is_due(session, now)
            if not is_due:
                return
            with self._database.writing() as session:
                done = job.work(session, now)
            if not done:
                return  # another worker is at it
            state.done += done
            state.succeeded_at = now

    def _note(self) -> None:
        """Add what was done to the database, and write it to the log. What fails is noted later.

        In a transaction for all jobs together, once a minute: each waits for the disk.
        """
        self._noted_at, now = monotonic(), self._clock()
        try:
            with self._database.writing() as session:
                for job, state in self._states.items():
                    crud_job.add_run(
                        session,
                        job.name,
                        ran_at=now,
                        succeeded_at=state.succeeded_at,
                        done=state.done,
                        failures=state.failures,
                    )
        except Exception as error:  # noqa: BLE001 - as in `_run`
            log.warning("jobs_not_noted", error=str(error))
            return
        for job, state in self._states.items():
            if state.done or state.failures:
                self._report(job, state, now)
            state.done, state.failures = 0, 0

    def _report(self, job: Job, state: _State, now: datetime) -> None:
        try:
            with self._database.reading() as session:
                due_since = job.due_since(session, now)
        except Exception as error:  # noqa: BLE001 - as in `_run`
            log.warning("job_not_reported", job=job.name, error=str(error))
            return
        log.info(
            "job_report",
            job=job.name,
            done=state.done,
            failures=state.failures,
            oldest_due_seconds=None if due_since is None else (now - due_since).total_seconds(),
        )


@contextmanager
def worker_beside_api(database: Database, clock: Clock) -> Iterator[None]:
    """Run a worker in a thread of this process, where the database has it so.

    Of several server processes one does; when that ends, another takes over.
    """
    if not database.has_worker_beside_api:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(
        target=_work_when_claimed, args=(database, clock, stop), name="worker", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)


def _work_when_claimed(database: Database, clock: Clock, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if database.claim_worker():
                Worker(database, clock=clock).run(stop)
                return
        except OSError as error:
            log.warning("worker_not_claimed", error=str(error))
        stop.wait(CLAIM_SECONDS)

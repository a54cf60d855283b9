"""`GET /metrics` for Prometheus, which exists for the networks of METRICS_ALLOW only."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.routing import Match, Route
from starlette.types import Scope

from app.core.client_address import is_within, networks_of
from app.http.resources import Resources, resources_of
from app.services.jobs import JobStatus, list_statuses

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which several processes count: `clinic serve` sets it."""

PROXY_HEADERS = {b"x-forwarded-for", b"forwarded"}


class MetricsRoute(Route):
    """Matches requests that come straight from an allowed network; to others there is nothing.

    One that a proxy passed on has its header: the address of the proxy says nothing then.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__("/metrics", metrics)
        self._networks = networks_of(allowed)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As any route, for those who may read it."""
        match, found = super().matches(scope)
        if match is Match.NONE or not self._is_allowed(scope):
            return Match.NONE, {}
        return match, {**found, "route": self}

    def _is_allowed(self, scope: Scope) -> bool:
        client = scope.get("client")
        is_direct = not any(name in PROXY_HEADERS for name, _ in scope["headers"])
        return client is not None and is_direct and is_within(client[0], self._networks)


def metrics(request: Request) -> Response:
    """What all processes of the API counted, and what the database says of background work."""
    registry = CollectorRegistry()
    registry.register(_JobCollector(resources_of(request)))
    text = generate_latest(registry)
    if FOLDER in os.environ:
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        text += generate_latest(together)
    else:
        text += generate_latest(REGISTRY)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


class _JobCollector:
    """The state of the jobs, as the database has it: whichever process did them."""

    def __init__(self, app: Resources) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        now = self._app.clock()
        up = GaugeMetricFamily("clinic_database_up", "Whether the database answers.")
        try:
            with self._app.database.reading() as session:
                statuses = list_statuses(session, now)
        except (OperationalError, PoolTimeoutError):
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _of_jobs(statuses, now)


def _of_jobs(statuses: Sequence[JobStatus], now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "clinic_job_oldest_due_seconds", "The age of the oldest thing that is due.", labels=["job"]
    )
    done = CounterMetricFamily("clinic_job_done", "Things that were done.", labels=["job"])
    failed = CounterMetricFamily("clinic_job_failures", "Runs that failed.", labels=["job"])
    seen = GaugeMetricFamily(
        "clinic_job_last_run_timestamp_seconds",
        "When a worker last noted that it ran the job, once a minute; 0 for never.",
        labels=["job"],
    )
    for status in statuses:
        due = status.due_since
        age.add_metric([status.job], max(0.0, (now - due).total_seconds()) if due else 0)
        done.add_metric([status.job], status.done)
        failed.add_metric([status.job], status.failures)
        seen.add_metric([status.job], status.ran_at.timestamp() if status.ran_at else 0)
    yield from (age, done, failed, seen)

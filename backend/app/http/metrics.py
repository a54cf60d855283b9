"""What Prometheus is told of requests. Each process counts its own; `api.metrics` adds them up."""

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import Counter, Histogram

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
"""Others share a label: clients could make up any number of them."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_LABELS = 1024

REQUESTS = Counter(
    "clinic_http_requests", "Requests that were answered.", ["method", "route", "status"]
)
DURATION = Histogram(
    "clinic_http_request_duration_seconds",
    "The time that requests took.",
    ["method", "route"],
    buckets=BUCKETS,
)
BOOKINGS = Counter("clinic_bookings", "Appointments that were booked.")
REFUSALS = Counter("clinic_refusals", "Requests that were refused.", ["code"])


def count_request(method: str, route: str, status: int | None, seconds: float) -> None:
    """Count a request and its time. `status` is None for one that was cut off."""
    count, observe = _of_labels(method if method in METHODS else "other", route, status)
    count()
    observe(seconds)


@lru_cache(MOST_LABELS)
def _of_labels(
    method: str, route: str, status: int | None
) -> tuple[Callable[[], None], Callable[[float], None]]:
    """What counts and what times the requests of some labels: finding it takes longer than both."""
    counter = REQUESTS.labels(method, route, "none" if status is None else status)
    return counter.inc, DURATION.labels(method, route).observe

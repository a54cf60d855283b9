"""How often one account, or one network address, may do something in this process.

Token buckets in memory: they cost no statement, and each process counts for itself. What must not
multiply by the number of processes is counted in the database (`services.throttle`).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import NamedTuple

from app.core.config import Settings

MOST_KEYS = 50_000


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Turn(NamedTuple):
    """Whether there is room: `wait` is zero, or how long until there is some.

    `refused` counts those who had to wait since there was room, this one included.
    """

    wait: timedelta
    refused: int


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    refused: int = 0


class Rate:
    """`limit` turns at once for each key, which come back evenly within `window`.

    Of more than `MOST_KEYS` the ones that were used longest ago are forgotten.
    """

    def __init__(
        self, limit: int, window: timedelta, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._interval = window.total_seconds() / limit
        self._seconds = seconds
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable) -> Turn:
        """Take a turn. `refused` is then how many had to wait before."""
        with self._lock:
            bucket = self._filled(key)
            if bucket.tokens < 1:
                bucket.refused += 1
                wait = timedelta(seconds=(1 - bucket.tokens) * self._interval)
                return Turn(wait, bucket.refused)
            refused, bucket.refused = bucket.refused, 0
            bucket.tokens -= 1
            return Turn(timedelta(0), refused)

    def _filled(self, key: Hashable) -> _Bucket:
        now = self._seconds()
        bucket = self._buckets.setdefault(key, _Bucket(self._limit, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._limit, bucket.tokens + (now - bucket.at) / self._interval)
        bucket.at = now
        return bucket


class Rates:
    """The rates of one process: what an account, or a network, may make it write."""

    def __init__(self, settings: Settings) -> None:
        self.writes = Rate(settings.writes_per_minute, MINUTE)
        self.network_writes = Rate(settings.network_writes_per_minute, MINUTE)
        self.account_changes = Rate(settings.account_changes_per_hour, HOUR)
        self.refusals = Rate(settings.refusals_per_hour, HOUR)
        self.same_refusals = Rate(settings.same_refusals_per_hour, HOUR)

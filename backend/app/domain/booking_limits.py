"""How far ahead appointments are booked, and how many a patient may have."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from app.domain.people import Actor
from app.domain.time.wall_clock import MINUTES_PER_DAY, instant_of, to_minute, wall_clock_at

NO_LIMIT = 2**31 - 1


class Horizon(NamedTuple):
    """No visit is booked at `ends` or later; at `moves` the horizon ends a day later."""

    ends: int
    moves: int


@dataclass(frozen=True, slots=True)
class BookingLimits:
    """`horizon_days` after today nobody books; a patient has up to `open_visits` coming visits."""

    horizon_days: int
    open_visits: int

    def horizon(self, zone: tzinfo, now: datetime) -> Horizon:
        """The horizon of a doctor in this zone: the end of a date, which moves at midnight."""
        today, _ = wall_clock_at(to_minute(now), zone)
        last_day = today + timedelta(days=self.horizon_days)
        return Horizon(
            ends=instant_of(last_day, MINUTES_PER_DAY, zone),
            moves=instant_of(today, MINUTES_PER_DAY, zone),
        )

    def open_visits_for(self, actor: Actor) -> int:
        """How many coming visits the patient may have for whom this person books.

        The front desk may go beyond the number: it knows the patient.
        """
        return NO_LIMIT if actor.is_admin else self.open_visits

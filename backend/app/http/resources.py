"""What an application holds for as long as it runs."""

from dataclasses import dataclass

from fastapi import Request

from app.core.clock import Clock
from app.core.config import Settings
from app.core.devices import Devices
from app.core.rates import Rates
from app.core.security import HashingLane, PasswordHasher
from app.db.database import Database
from app.db.reader import Reader
from app.db.write_queue import WriteQueue
from app.domain.booking_limits import BookingLimits
from app.domain.people import Origin
from app.http.idempotency import KeysInFlight
from app.services.accounts import EmailRules, RegistrationRules
from app.services.logins import SessionLimits
from app.services.readiness import Readiness


@dataclass(frozen=True, slots=True)
class Resources:
    """What an application holds for as long as it runs."""

    settings: Settings
    database: Database
    reader: Reader
    write_queue: WriteQueue
    keys: KeysInFlight
    hasher: PasswordHasher
    hashing: HashingLane
    devices: Devices
    limits: SessionLimits
    registration: RegistrationRules
    readiness: Readiness
    emails: EmailRules
    rates: Rates
    booking: BookingLimits
    clock: Clock


def resources_of(request: Request) -> Resources:
    """The application's resources."""
    app: Resources = request.app.state.resources
    return app


def origin_of(request: Request) -> Origin:
    """Where the request came from, for the throttle and the audit log."""
    address = request.client.host if request.client else None
    return Origin(address, request.state.request_id)

"""The API with the mistake that everybody makes: look whether the slot is free, insert later.

The look is a transaction of its own, so that nothing but the guards in the database stands
between two bookings of the same slot, and nothing at all between too many of one patient. Run it
like the real one: `python -m … serve`.
"""

from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.commands.serve import START_SECONDS
from app.core.config import Settings
from app.core.database import open_url
from app.crud import crud_appointment, crud_user
from app.db.database import Database
from app.db.statements import Transaction
from app.domain.booking_limits import NO_LIMIT
from app.main import create_app as create_real_app
from app.services import booking


def in_another_transaction(function: Callable[..., Any], database: Database) -> Callable[..., Any]:
    """The function, reading what was committed, and keeping no lock on it."""

    def look(_: Transaction, *args: Any, **kwargs: Any) -> Any:
        with database.reading() as another:
            return function(another, *args, **kwargs)

    return look


def counting_first(database: Database) -> Callable[..., Any]:
    """An insert that counts the patient's visits in a transaction of its own."""
    check = in_another_transaction(crud_appointment._check_may_book, database)
    create = crud_appointment.create_appointment

    def count_and_create(session: Transaction, *args: Any, most_open: int, **values: Any) -> Any:
        now, patient_id = values["created_at"], values["patient_id"]
        check(session, patient_id=patient_id, most_open=most_open, now=now)
        return create(session, *args, most_open=NO_LIMIT, **values)

    return count_and_create


def create_app() -> FastAPI:
    database = open_url(Settings().database_url)
    crud_user.lock_shared = in_another_transaction(crud_user.lock_shared, database)
    booking._find_slot = in_another_transaction(booking._find_slot, database)
    crud_appointment.create_appointment = counting_first(database)
    return create_real_app()


if __name__ == "__main__":
    settings = Settings()
    uvicorn.run(
        f"{__spec__.name}:create_app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,
        timeout_worker_healthcheck=START_SECONDS,
    )

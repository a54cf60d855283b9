"""The API with the mistake that everybody makes: look whether the slot is free, insert later.

The look is a transaction of its own, so that nothing but the guards in the database stands
between two bookings of the same slot. Run it like the real one: `python -m … serve`.
"""

from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.commands.serve import START_SECONDS
from app.core.config import Settings
from app.core.database import Database
from app.core.prepared import Transaction
from app.crud import crud_user
from app.main import create_app as create_real_app
from app.services import booking


def in_another_transaction(function: Callable[..., Any], database: Database) -> Callable[..., Any]:
    """The function, reading what was committed, and keeping no lock on it."""

    def look(_: Transaction, *args: Any, **kwargs: Any) -> Any:
        with database.reading() as another:
            return function(another, *args, **kwargs)

    return look


def create_app() -> FastAPI:
    database = Database(Settings().database_url)
    crud_user.share_diary = in_another_transaction(crud_user.share_diary, database)
    booking._find_slot = in_another_transaction(booking._find_slot, database)
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

"""Slot searches in a session, with slots as people see them."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.db.transactions import execute
from app.services.slot_search import FreeSlot, as_free_slot, search_slots


def available_slots(session: Session, **wanted: Any) -> list[FreeSlot]:
    """What `search_slots` finds with a doctor who can be booked."""
    found = search_slots(partial(execute, session), **wanted)
    assert found is not None
    return [as_free_slot(slot, found.zone) for slot in found.slots]

"""Whose clock a time follows, where that is not the reader's own."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from ui import format as fmt
from ui.api.models import User
from ui.components import clock


def named(moment: str, zone: str, at: datetime) -> str:
    """`moment`, a time on the clock of `zone`, and the zone unless the browser's clock agrees.

    `at` is the instant that is meant.
    """
    return moment + fmt.zone_suffix(zone, st.context.timezone, at)


def name_zone(zone: str, moments: Iterable[datetime] = ()) -> None:
    """Name `zone` unless the browser's clock agrees with it now and at all `moments` (instants)."""
    note = fmt.zone_note(zone, st.context.timezone, [clock.now(), *moments])
    if note:
        st.caption(note)


def warn_of_unknown_zone(user: User) -> None:
    """Tell a doctor whose time zone does not exist any more what follows from that."""
    if user.role == "doctor" and fmt.shown_zone(user.timezone) != user.timezone:
        st.warning(
            f"Your time zone, {fmt.plain(user.timezone)}, does not exist any more, so that nobody "
            "can book you. Choose another one on the page “Account”."
        )

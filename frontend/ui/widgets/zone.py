"""Whose clock a time follows, where that is not the reader's own."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from ui.formatting import text as fmt
from ui.widgets import clock


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

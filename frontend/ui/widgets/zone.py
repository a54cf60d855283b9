"""The name of a time's zone, where it differs from the reader's."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from ui.formatting import text as fmt
from ui.widgets import clock


def named(moment: str, zone: str, at: datetime) -> str:
    """`moment`, a local time in `zone`, followed by the zone if the browser's differs.

    `at` is the same time as an instant.
    """
    return moment + fmt.zone_suffix(zone, st.context.timezone, at)


def name_zone(zone: str, moments: Iterable[datetime] = ()) -> None:
    """Show the name of `zone` if the browser's clock differs, now or at one of `moments`."""
    note = fmt.zone_note(zone, st.context.timezone, [clock.now(), *moments])
    if note:
        st.caption(note)

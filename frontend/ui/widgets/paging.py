"""Paging through an answer that is read one page at a time."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from ui.widgets import flash

Mark = TypeVar("Mark", bound=int | str)
"""A position in the answer: the number of a row, or a cursor of the API."""


@dataclass(frozen=True)
class Pages(Generic[Mark]):
    """The pages of one `query`; another query starts at its first page.

    `query` is a tuple of plain values: the classes of a page's module are new ones in each run.
    """

    key: str
    query: tuple[object, ...]

    @property
    def start(self) -> Mark | None:
        """The position after which the current page begins; None on the first page."""
        way = self._way
        return way[-1] if way else None

    def draw(self, last: Mark | None) -> None:
        """Draw the buttons; `last` is the end of this page, None if it is the last one."""
        way = self._way
        if last is None and not way:
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Previous page",
                key=f"{self.key}.previous",
                disabled=not way,
                on_click=self._go,
                args=(way[:-1],),
            )
            st.button(
                "Next page",
                key=f"{self.key}.next",
                disabled=last is None,
                on_click=self._go,
                args=((*way, last),),
            )
            st.caption(f"Page {len(way) + 1}", width="content")

    @property
    def _way(self) -> tuple[Mark, ...]:
        kept: tuple[object, tuple[Mark, ...]] = st.session_state.get(self.key, (None, ()))
        return kept[1] if kept[0] == self.query else ()

    def _go(self, way: tuple[Mark, ...]) -> None:
        flash.clear()
        st.session_state[self.key] = (self.query, way)

"""Pages of an answer that goes on behind the last row shown."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

from ui.widgets import flash

Mark = TypeVar("Mark", bound=int | str)
"""What names a place in the answer: the number of a row, or a cursor of the API."""


@dataclass(frozen=True)
class Pages(Generic[Mark]):
    """The way through the pages of one `question`; another question starts at its first page.

    The question is a tuple of plain values: a page's own classes are new ones in each run.
    """

    key: str
    question: tuple[object, ...]

    @property
    def start(self) -> Mark | None:
        """Behind which row the present page begins; None on the first one."""
        way = self._way
        return way[-1] if way else None

    def draw(self, last: Mark | None) -> None:
        """Draw the buttons to other pages; `last` is where this one ends when there are more."""
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
        return kept[1] if kept[0] == self.question else ()

    def _go(self, way: tuple[Mark, ...]) -> None:
        flash.clear()
        st.session_state[self.key] = (self.question, way)

"""Rows of plain text as a table, which becomes a list of blocks on a phone (ui/style.css)."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st


@dataclass(frozen=True)
class Row:
    """`cells` are plain text; a `refused` row is emphasised."""

    cells: tuple[str, ...]
    refused: bool = False


def draw_records(columns: Sequence[str], rows: Sequence[Row]) -> None:
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(_row(columns, row) for row in rows)
    # The roles are explicit because CSS that lays a table out as blocks removes them.
    st.html(
        f'<table class="records" role="table"><thead role="rowgroup"><tr role="row">{heads}</tr>'
        f'</thead><tbody role="rowgroup">{body}</tbody></table>'
    )


def _row(columns: Sequence[str], row: Row) -> str:
    cells = "".join(
        f'<td role="cell" data-label="{escape(column)}">{escape(cell)}</td>'
        for column, cell in zip(columns, row.cells, strict=True)
    )
    return f'<tr role="row"{" class=refused" if row.refused else ""}>{cells}</tr>'

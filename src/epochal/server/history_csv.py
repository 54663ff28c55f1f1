"""History of several runs as one table of text: a line for each row in which one of the keys was logged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from epochal.records import HistoryColumn, HistoryPage, Principal
from epochal.server.csv_text import cell, encode, line
from epochal.store.base import Store

if TYPE_CHECKING:
    import numpy.typing as npt

PAGE_ROWS = 20_000
"""Rows of one page: some megabytes of text, a few tens of milliseconds."""


def header_line(keys: Sequence[str]) -> bytes:
    """Return the names of the columns."""
    return encode(line(["run", "name", "step", "time", *(cell(key) for key in keys)]))


def run_pages(
    store: Store, principal: Principal, run: str, name: str, keys: Sequence[str]
) -> Iterator[bytes]:
    """Yield the lines of a run, some thousand at a time, by writer and in the order logged."""
    after = None
    while True:
        page = store.history(principal, run, keys, after, PAGE_ROWS)
        yield page_lines(page, [cell(run), cell(name)], keys)
        after = page.next
        if after is None:
            return


def page_lines(page: HistoryPage, head: Sequence[str], keys: Sequence[str]) -> bytes:
    """Return the lines of a page, each beginning with the cells of `head`."""
    by_writer: defaultdict[int, list[HistoryColumn]] = defaultdict(list)
    for column in page.columns:
        by_writer[column.writer].append(column)
    return encode("".join(_writer_lines(by_writer[w], head, keys) for w in sorted(by_writer)))


def _writer_lines(columns: list[HistoryColumn], head: Sequence[str], keys: Sequence[str]) -> str:
    import numpy as np

    rows: npt.NDArray[np.int64] = np.unique(np.concatenate([column.rows for column in columns]))
    steps = np.empty(len(rows), dtype=np.int64)
    times = np.empty(len(rows), dtype=np.float64)
    cells = {key: [""] * len(rows) for key in keys}
    for column in columns:
        at = np.searchsorted(rows, column.rows)
        steps[at], times[at] = column.steps, column.times
        into = cells[column.key]
        values: list[Any] = (
            column.values if isinstance(column.values, list) else column.values.tolist()
        )
        for i, value in zip(at.tolist(), values, strict=True):
            into[i] = cell(value)
    fixed = ([text] * len(rows) for text in head)
    numbers = (map(cell, steps.tolist()), map(cell, times.tolist()))
    lines = zip(*fixed, *numbers, *(cells[key] for key in keys), strict=True)
    return "".join(map(line, lines))

"""Exact history: every value of a run, bit for bit, in the order logged per writer, in pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from epochal.errors import UsageError
from epochal.records import HistoryColumn, HistoryPage
from epochal.store.cache import ArrayCache
from epochal.store.columns import (
    BlockList,
    ColumnReader,
    SeriesRef,
    TailRef,
    Values,
    WriterRef,
    blocks_from_row,
    join,
)
from epochal.store.engine import Connection

PAGE_VALUES = 2_000_000
"""Values of a page at most, whatever its limit of rows: 64 MB as a bundle."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Rows `begin` to `end` of a writer."""

    writer: WriterRef
    begin: int
    end: int


def read_history(
    connection: Connection,
    cache: ArrayCache,
    run: str,
    keys: Sequence[str] | None,
    after: str | None = None,
    limit: int = 1_000_000,
) -> HistoryPage:
    """Return the page of history that follows the cursor `after` (None: the first one), of at most `limit` rows.

    keys: None for all. A page of many keys has fewer rows (`PAGE_VALUES`), a page at the end of the
    data may have no values. Columns stand in the order of writers, then of the series' ids. Raises
    UsageError for a cursor that is none.
    """
    if limit < 1:
        message = f"limit is {limit}; a page has at least one row"
        raise UsageError(message)
    version = connection.value(
        "SELECT p.version FROM run r JOIN project p ON p.id = r.project_id WHERE r.uid = ?", (run,)
    )
    reader = ColumnReader(connection, cache)
    writers = reader.writers([run])
    series = sorted(reader.series([run], keys))
    rows = max(1, min(limit, PAGE_VALUES // max(1, len(series))))
    spans, following = _page(writers[run], after, rows)
    lists = reader.block_lists(series, {run: [span.writer for span in spans]})
    starts = {span.writer.id: span.begin for span in spans}
    tails = reader.tails((span.writer for span in spans), after=starts)
    columns = list(_columns(reader, series, spans, lists, tails))
    return HistoryPage(int(version or 0), following, columns)


def _page(
    writers: list[WriterRef], after: str | None, limit: int
) -> tuple[list[_Span], str | None]:
    """Return which rows the page holds and the cursor of the next one."""
    ordinal, row = 0, 0
    if after is not None:
        try:
            ordinal, row = (int(part) for part in after.split(":"))
        except ValueError:
            message = f"{after!r} is no cursor of history: pass `next` of the page before as it is"
            raise UsageError(message) from None
    spans: list[_Span] = []
    for writer in writers:
        if writer.ordinal < ordinal:
            continue
        begin = max(row, 0) if writer.ordinal == ordinal else 0
        end = min(writer.rows, begin + limit)
        if begin < end:
            spans.append(_Span(writer, begin, end))
            limit -= end - begin
        if end < writer.rows:
            return spans, f"{writer.ordinal}:{end}"
    return spans, None


def _columns(
    reader: ColumnReader,
    series: list[SeriesRef],
    spans: list[_Span],
    lists: dict[tuple[int, int], BlockList],
    tails: dict[int, list[TailRef]],
) -> Iterator[HistoryColumn]:
    wanted: list[tuple[int, int, int, bool]] = []
    for span in spans:
        for ref in series:
            if blocks := lists.get((ref.id, span.writer.id)):
                wanted += _blocks_of(ref, span, blocks)
        reader.load_frames(tails[span.writer.id])
    loaded = reader.load_blocks(wanted)
    for span in spans:
        for ref in series:
            blocks = lists.get((ref.id, span.writer.id))
            keys = _blocks_of(ref, span, blocks) if blocks else []
            parts = [loaded[key[:3]] for key in keys if key[:3] not in reader.damaged]
            for tail in tails[span.writer.id]:
                found = reader.tail_values(ref.id, tail)
                parts += [] if found is None else [found]
            inside = [part for part in (_cut(part, span) for part in parts) if len(part)]
            if (values := join(inside)) is not None:
                yield HistoryColumn(
                    ref.name,
                    ref.kind,
                    span.writer.ordinal,
                    values.rows,
                    values.steps,
                    values.times,
                    values.values,
                )


def _blocks_of(ref: SeriesRef, span: _Span, blocks: BlockList) -> list[tuple[int, int, int, bool]]:
    first = blocks_from_row(blocks, span.begin)
    last = int(blocks.row0.searchsorted(span.end))
    return [
        (ref.id, span.writer.id, int(blocks.row0[i]), bool(blocks.own_axis[i]))
        for i in range(first, last)
    ]


def _cut(values: Values, span: _Span) -> Values:
    start, end = values.rows.searchsorted((span.begin, span.end)).tolist()
    return values.cut(start, end)

"""Series and history: binary bundles. numpy is loaded by the first of them, after the page has been shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response, StreamingResponse

from epochal.records import BandsAnswer, HistoryColumn, HistoryPage, Points, Series, SeriesAnswer
from epochal.server import csv_text, history_csv, wire_series
from epochal.server.answers import accepted_encodings, bundle_response, plain
from epochal.server.route import Call

if TYPE_CHECKING:
    import numpy.typing as npt

    from epochal.formats.bundle import BundleWriter
    from epochal.store.base import Store


async def series(call: Call) -> Response:
    """Answer the series asked for, reduced to the width asked for."""
    asked = await call.json(wire_series.SeriesRequest)
    query = asked.query()
    # Rows after a mark are asked for once: there is nothing to keep for others.
    keep = asked if asked.since is None else None
    return await _answered(
        call, keep, asked.runs, lambda store: series_bundle(store.series(call.principal, query))
    )


async def bands(call: Call) -> Response:
    """Answer groups of runs as a centre and a band."""
    asked = await call.json(wire_series.BandsRequest)
    query = asked.query()
    runs = [run for group in asked.groups for run in group.runs]
    return await _answered(
        call, asked, runs, lambda store: bands_bundle(store.bands(call.principal, query))
    )


async def _answered(
    call: Call,
    question: msgspec.Struct | None,
    runs: Sequence[str],
    work: Callable[[Store], bytes],
) -> Response:
    """Answer with a bundle, kept for whoever asks the same before one of the runs' projects has changed.

    A page that is opened again, or by somebody else, asks what was asked before. `question` None: not kept.
    """
    store = await call.service.open_store()
    accepted = accepted_encodings(call.request)
    kept = call.service.answers

    def answer() -> Response:
        if question is None:
            return bundle_response(work(store), accepted)
        # Read before the answer: what changes in between is in the answer, and makes the next one anew.
        state = store.series_state(call.principal, runs)
        key = (type(question), msgspec.json.encode(question), "zstd" in accepted, state)
        found: Response | None = kept.get(key)
        if found is None:
            found = bundle_response(work(store), accepted)
            kept.put(key, found, len(found.body) + len(key[1]) + 100 * len(runs) + 1000)
        # One of its own: the headers of an answer are added to on its way.
        return Response(found.body, found.status_code, dict(found.headers))

    return await call.service.series(call.request, answer)


async def history(call: Call) -> Response:
    """Answer a page of exact history."""
    asked = await call.json(wire_series.HistoryRequest)
    store = await call.service.open_store()
    accepted = accepted_encodings(call.request)

    def read() -> Response:
        page = store.history(
            call.principal, asked.run, asked.keys, after=asked.after, limit=asked.limit
        )
        return bundle_response(history_bundle(page), accepted)

    return await call.service.series(call.request, read)


async def history_table(call: Call) -> Response:
    """Answer every value of keys of several runs as CSV, sent while it is read.

    What goes wrong after the first line breaks the connection: the client sees that it has not all.
    """
    asked = await call.json(wire_series.HistoryTableRequest)
    store = await call.service.open_store()
    runs, keys = list(dict.fromkeys(asked.runs)), list(dict.fromkeys(asked.keys))
    names = await call.service.catalog(
        lambda: [store.run(call.principal, run).info.name for run in runs]
    )

    async def lines() -> AsyncIterator[bytes]:
        yield history_csv.header_line(keys)
        for run, name in zip(runs, names, strict=True):
            pages = history_csv.run_pages(store, call.principal, run, name, keys)
            while (page := await call.service.part(partial(next, pages, None))) is not None:
                yield page

    headers = {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="history.csv"',
    }
    return StreamingResponse(lines(), 200, headers, csv_text.MEDIA_TYPE)


def series_bundle(answer: SeriesAnswer) -> bytes:
    """Return a series answer as a bundle (docs/reference/http.md).

    Keys that a run logs together have the same x, which is then sent once; so is that of runs which follow each other.
    """
    from epochal.formats.bundle import BundleWriter

    bundle = BundleWriter()
    axes: dict[str, Shared] = {}
    # To find an x equal to that of the run before takes a tenth of finding out anew how it is sent best.
    among_runs = Shared(bundle.add_axis)
    entries: list[dict[str, Any]] = []
    for series in answer.series:
        axis = axes.setdefault(series.run, Shared(among_runs.add))
        entries.append(_series_entry(bundle, axis, series))
    return bundle.finish(
        {"version": answer.version, "marks": dict(answer.marks), "series": entries}
    )


def bands_bundle(answer: BandsAnswer) -> bytes:
    """Return bands as a bundle (docs/reference/http.md). Bands over the same x share it."""
    from epochal.formats.bundle import BundleWriter

    bundle = BundleWriter()
    axis = Shared(bundle.add_axis)
    entries: list[dict[str, Any]] = [
        {
            "group": band.group,
            "key": band.key,
            "runs": band.runs,
            "exact": band.exact,
            "x": axis.add(band.x),
            "center": bundle.add(band.center),
            "lo": bundle.add(band.lo),
            "hi": bundle.add(band.hi),
            "n": bundle.add(band.n),
        }
        for band in answer.bands
    ]
    return bundle.finish({"version": answer.version, "bands": entries})


def history_bundle(page: HistoryPage) -> bytes:
    """Return a page of history as a bundle (docs/reference/http.md).

    Columns of one writer that are present in the same rows share their rows, steps and times.
    """
    from epochal.formats.bundle import BundleWriter

    bundle = BundleWriter()
    axes: dict[int, tuple[Shared, Shared, Shared]] = {}
    columns: list[dict[str, Any]] = []
    for column in page.columns:
        axis = axes.get(column.writer)
        if axis is None:
            axis = (Shared(bundle.add), Shared(bundle.add), Shared(bundle.add))
            axes[column.writer] = axis
        columns.append(_history_entry(bundle, axis, column))
    return bundle.finish({"version": page.version, "next": page.next, "columns": columns})


class Shared:
    """Adds an array to a bundle unless it equals the one before."""

    def __init__(self, add: Callable[[npt.NDArray[Any]], dict[str, Any]]) -> None:
        self._add = add
        self._array: npt.NDArray[Any] | None = None
        self._reference: dict[str, Any] = {}

    def add(self, array: npt.NDArray[Any]) -> dict[str, Any]:
        """Return what stands for `array` (without NaN) in the header."""
        before = self._array
        if before is None or len(before) != len(array) or not (before == array).all():
            self._array, self._reference = array, self._add(array)
        return self._reference


def _series_entry(bundle: BundleWriter, axis: Shared, series: Series) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "run": series.run,
        "key": series.key,
        "mode": "points" if isinstance(series, Points) else "columns",
        "total": series.total,
        "starts": list(series.starts),
    }
    if isinstance(series, Points):
        entry["x"] = axis.add(series.x)
        entry["y"] = bundle.add_values(series.y)
        if series.smoothed is not None:
            entry["s"] = bundle.add_values(series.smoothed)
        return entry
    entry["sorted"] = series.sorted
    entry["x0"] = bundle.add_axis(series.x0)
    entry["x1"] = bundle.add_axis(series.x1)
    for name in ("first", "min", "max", "last"):
        entry[name] = bundle.add_values(getattr(series, name))
    entry["flags"] = bundle.add(series.flags)
    if series.smoothed is not None:
        for name in ("first", "min", "max", "last"):
            entry["s" + name] = bundle.add_values(getattr(series.smoothed, name))
    return entry


def _history_entry(
    bundle: BundleWriter, axis: tuple[Shared, Shared, Shared], column: HistoryColumn
) -> dict[str, Any]:
    values = column.values
    rows, steps, times = axis
    return {
        "key": column.key,
        "kind": column.kind,
        "writer": column.writer,
        "rows": rows.add(column.rows),
        "steps": steps.add(column.steps),
        "times": times.add(column.times),
        "values": plain(values) if isinstance(values, list) else bundle.add(values),
    }

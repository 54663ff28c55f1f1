"""The run list as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from starlette.responses import Response, StreamingResponse

from epochal.records import RunInfo, RunOrder
from epochal.server import csv_text, runs_table, wire_runs
from epochal.server.route import Call
from epochal.store.base import Store


async def runs_csv(call: Call) -> Response:
    """Answer the runs that match as CSV, sent while they are read."""
    store, order, columns = await _order(call)
    names = call.path("entity"), call.path("project")

    async def lines() -> AsyncIterator[bytes]:
        yield runs_table.header_line(columns)
        for uids in _slices(order.uids):
            yield await call.service.part(
                lambda part=uids: runs_table.run_lines(
                    store.listed_runs(call.principal, *names, part, columns), columns
                )
            )

    return StreamingResponse(lines(), 200, _headers("runs.csv"), csv_text.MEDIA_TYPE)


async def runs_parquet(call: Call) -> Response:
    """Answer the runs that match as a Parquet file."""
    await call.service.catalog(runs_table.load_pyarrow)
    store, order, columns = await _order(call)
    names = call.path("entity"), call.path("project")

    def slices() -> Iterator[Sequence[RunInfo]]:
        for uids in _slices(order.uids):
            yield store.listed_runs(call.principal, *names, uids, columns)

    body = await call.service.series(
        call.request, lambda: runs_table.write_parquet(slices(), columns)
    )
    return Response(body, 200, _headers("runs.parquet"), runs_table.PARQUET)


async def _order(call: Call) -> tuple[Store, RunOrder, list[str]]:
    """Return which runs, in which order, and the columns that follow the fields."""
    query = call.parameters(wire_runs.ExportParameters).query()
    store = await call.service.open_store()
    order = await call.service.catalog(
        store.run_order, call.principal, call.path("entity"), call.path("project"), query
    )
    return store, order, runs_table.table_columns(order.columns)


def _slices(uids: Sequence[str]) -> Iterator[Sequence[str]]:
    size = runs_table.SLICE_RUNS
    return (uids[start : start + size] for start in range(0, len(uids), size))


def _headers(name: str) -> dict[str, str]:
    return {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="{name}"',
    }

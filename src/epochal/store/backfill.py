"""What migrations compute from rows that are stored already; the SQL is that of the schema they lead to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from epochal.errors import CorruptBlock
from epochal.formats.block import decode_block
from epochal.formats.frame import decode_tail

logger = logging.getLogger(__name__)

_AT_ONCE = 500
"""Blocks or frames in memory: some 16 MB decoded."""

Piece = tuple[int, npt.NDArray[np.int64], Any]
"""Series, rows of its writer, values."""


def fill_latest_and_extremes(connection: Connection) -> None:
    """Set latest, latest_row, lowest and highest of every series from its blocks and tail frames.

    The rows of a run's writers are taken one writer after the other. Damaged pieces are left out, and named in the log.
    """
    runs = connection.execute(text("SELECT DISTINCT run_uid FROM series")).scalars().all()
    if runs:
        logger.warning("reading the last and the extreme values of %d runs, once", len(runs))
    for run in runs:
        found: dict[int, dict[str, Any]] = {}
        before = 0
        writers = text("SELECT id, rows FROM writer WHERE run_uid = :run ORDER BY ordinal")
        for writer, rows in connection.execute(writers, {"run": run}).all():
            for series, at, values in _pieces(connection, writer):
                _take(found.setdefault(series, {"id": series}), before + at, values)
            before += rows
        filled = [entry for entry in found.values() if "latest" in entry]
        if filled:
            connection.execute(
                text(
                    "UPDATE series SET latest = :latest, latest_row = :row, lowest = :low, highest = :high"
                    " WHERE id = :id"
                ),
                filled,
            )


def _take(entry: dict[str, Any], rows: npt.NDArray[np.int64], values: Any) -> None:
    """Take finite values into what is known of a series; pieces may come in any order."""
    numbers = np.asarray(values)
    finite = np.isfinite(numbers)
    if not finite.any():
        return
    rows, numbers = rows[finite], numbers[finite].astype(np.float64)
    if int(rows[-1]) > entry.get("row", -1):
        entry["row"], entry["latest"] = int(rows[-1]), float(numbers[-1])
    entry["low"] = min(entry.get("low", np.inf), float(numbers.min()))
    entry["high"] = max(entry.get("high", -np.inf), float(numbers.max()))


def _pieces(connection: Connection, writer: int) -> Iterator[Piece]:
    """Yield what blocks and tail frames hold of a writer's numbers; rows that are in both come twice."""
    for row0, own_axis, series, data in _in_slices(
        connection,
        "SELECT row0, own_axis, series_id, data FROM block JOIN series ON series.id = block.series_id"
        " WHERE run_uid = (SELECT run_uid FROM writer WHERE id = :writer) AND writer_id = :writer"
        " AND kind <> 'object' AND (series_id, row0) > (:series, :row0) ORDER BY series_id, row0 LIMIT :n",
        {"writer": writer, "series": -1, "row0": -1},
    ):
        try:
            block = decode_block(bytes(data))
        except CorruptBlock as error:
            logger.error("block %d of series %d is damaged and left out: %s", row0, series, error)
            continue
        at = block.positions
        if at is None:
            at = np.arange(len(block.values), dtype=np.int64)
        yield series, at if own_axis else row0 + at, block.values
    for row0, _sparse, tail, data in _in_slices(
        connection,
        "SELECT row0, sparse, id, data FROM tail WHERE writer_id = :writer AND id > :series"
        " ORDER BY id LIMIT :n",
        {"writer": writer, "series": -1},
    ):
        try:
            frame = decode_tail(bytes(data))
        except CorruptBlock as error:
            logger.error("tail row %d (from row %d) is damaged and left out: %s", tail, row0, error)
            continue
        for column in frame.columns():
            if column.kind != "object":
                rows = frame.rows if column.positions is None else frame.rows[column.positions]
                yield column.series, rows, column.values


def _in_slices(connection: Connection, sql: str, parameters: dict[str, Any]) -> Iterator[Any]:
    """Yield the rows of a query in slices; each begins after the row0 and id of the last one."""
    while True:
        rows = connection.execute(text(sql), {**parameters, "n": _AT_ONCE}).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        parameters = {**parameters, "series": rows[-1][2]}
        if "row0" in parameters:
            parameters["row0"] = rows[-1][0]

"""What a run logged, as wandb.Api() reads it: rows, samples, keys, exports, console lines (wandb_protocol.md, 10)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from epochal.errors import UsageError
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.exports import exports_in
from epochal.server.wandb.history_keys import describe_keys
from epochal.server.wandb.rows import (
    File,
    Lines,
    Sampling,
    lines_of,
    rows_between,
    sample_rows,
    step_of,
)
from epochal.server.wandb.run_nodes import Run

SAMPLES = 500
LOG_PAGE, MAX_LOG_PAGE = 1000, 10_000


def history(
    parent: Run,
    ask: Ask,
    minStep: int | None = None,
    maxStep: int | None = None,
    samples: int | None = None,
) -> list[str]:
    """Return rows of history as texts, as they were received."""
    return _rows(_lines(parent, ask, "history"), minStep, maxStep, samples)


def events(
    parent: Run,
    ask: Ask,
    minStep: int | None = None,
    maxStep: int | None = None,
    samples: int | None = None,
) -> list[str]:
    """Return rows of system metrics as texts, as they were received."""
    return _rows(_lines(parent, ask, "events"), minStep, maxStep, samples)


def _rows(lines: Lines, low: int | None, high: int | None, samples: int | None) -> list[str]:
    number = SAMPLES if samples is None else max(0, samples)
    return [line.decode("utf-8", "replace") for line in rows_between(lines, low, high, number)]


def _lines(run: Run, ask: Ask, file: File) -> Lines:
    return lines_of(ask.store, ask.principal, run.detail, file)


def sampled_history(parent: Run, ask: Ask, specs: list[str]) -> list[list[dict[str, Any]]]:
    """Return, for each spec, rows that have all of its keys."""
    lines = _lines(parent, ask, "history")
    # The client's commands for sweeps want no rows, and say so by a spec without anything.
    return [[] if text.strip() == "{}" else sample_rows(lines, _read_spec(text)) for text in specs]


def _read_spec(text: str) -> Sampling:
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the spec {text[:80]!r} is no JSON: {error}") from None
    keys = spec.get("keys") if isinstance(spec, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise UsageError(f"the spec {text[:80]!r} names no keys")
    samples = _whole(spec.get("samples"), "samples")
    return Sampling(
        tuple(dict.fromkeys(keys)),
        SAMPLES if samples is None else max(0, samples),
        _whole(spec.get("minStep"), "minStep"),
        _whole(spec.get("maxStep"), "maxStep"),
    )


def _whole(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1 << 63:
        raise UsageError(f"{name} is {value!r:.80}; expected a whole number")
    return int(value)


def history_keys(parent: Run, ask: Ask) -> dict[str, Any] | None:
    """Return what each key holds, and the last step; null for a run that has logged nothing."""
    return describe_keys(ask.store, ask.principal, parent.detail)


def parquet_history(
    parent: Run, ask: Ask, liveKeys: list[str] | None = None
) -> dict[str, list[Any]]:
    """Return where the history lies as files, and the steps that are not in them.

    Either all of it lies in files or none: of a page that has both, the client returns rows twice. A live row says from
    which step on it asks for pages; the first one at 0 is that of every history.
    """
    del liveKeys
    session = ask.store.session(ask.principal, parent.info.uid)
    if session is not None:
        exports = exports_in(ask.settings.data)
        names = exports.find(ask.store, ask.principal, parent.detail, session)
        if names is not None:
            urls = [ask.tickets.history_url(ask.base_url, name) for name in names]
            return {"parquetUrls": urls, "liveData": []}
    first = rows_between(_lines(parent, ask, "history"), None, None, 1)
    return {
        "parquetUrls": [],
        "liveData": [{"_step": min(0, step_of(first[0], 0))}] if first else [],
    }


# ---------------------------------------------------------------------------------------------- console


def log_lines(
    parent: Run,
    ask: Ask,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    useImprovedPagination: bool | None = None,
) -> dict[str, Any]:
    """Return a page of the console, or its last lines. A cursor is the number of the line before the next one."""
    del useImprovedPagination
    uid = parent.info.uid
    session = ask.store.session(ask.principal, uid)
    total = 0 if session is None else session.lines.get("output", 0)
    end = total if before is None else min(total, _line_number(before))
    if last is not None:
        start = max(0, end - max(0, min(last, MAX_LOG_PAGE)))
    else:
        start = 0 if not after else _line_number(after) + 1
        size = LOG_PAGE if first is None else max(0, min(first, MAX_LOG_PAGE))
        end = min(end, start + size)
    lines = ask.store.read_lines(ask.principal, uid, "output", start, end) if start < end else []
    edges = [_log_edge(line, number) for number, line in enumerate(lines, start)]
    return {
        "edges": edges,
        "pageInfo": {
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": bool(edges) and start + len(edges) < total,
            "hasPreviousPage": start > 0,
        },
        "totalCount": total,
    }


def _line_number(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 15:
        raise UsageError(f"{cursor[:80]!r} is no cursor of console lines")
    return int(cursor)


def _log_edge(line: bytes, number: int) -> dict[str, Any]:
    from epochal.server.console_lines import read_console_line

    found = read_console_line(line)
    stamp = None
    if found.time is not None:
        stamp = datetime.fromtimestamp(found.time, UTC).replace(tzinfo=None).isoformat()
    return {
        "node": {
            "number": number,
            "timestamp": stamp,
            "level": "error" if found.level == "error" else "",
            "label": found.label,
            "line": found.text,
        },
        "cursor": str(number),
    }


RESOLVERS = {
    "Run": {
        "history": history,
        "events": events,
        "sampledHistory": sampled_history,
        "historyKeys": history_keys,
        "parquetHistory": parquet_history,
        "logLines": log_lines,
    }
}

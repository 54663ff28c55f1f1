"""What a workspace begins with, written into its page: who looks, the project's keys, and its newest runs.

The page would ask for all three as soon as its script runs. Here they are read while the browser still fetches that
script, and three requests less go through a browser's processes, each of which has to do with a request.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec
from starlette.responses import Response, StreamingResponse

from epochal.server import wire
from epochal.server.answers import accepted_encodings, encode_json, stream_packer
from epochal.server.route import Call

WITHOUT_RUN_QUERY = frozenset(["d", "show", "sm", "x", "xr", "tags", "full", "step"])
"""Parameters of a workspace's address that do not change which runs it asks for first."""
END = "</body>"

Read = Callable[[], Coroutine[Any, Any, msgspec.Struct]]


def first_reads(call: Call, path: str) -> dict[str, Read]:
    """Return how what the page at `path` begins with is read, by the addresses at which it is answered.

    The addresses are those of `getViewer`, `getKeys` and `getRuns` in web/src/data/api.ts, letter by letter: a page
    asks for what it does not find.
    """
    from epochal.server.routes import catalog

    parts = path.split("/")
    if len(parts) not in (2, 3) or parts[2:] not in ([], ["workspace"]):
        return {}

    async def viewer() -> wire.Viewer:
        return catalog.viewer_of(call)

    entity, project = parts[:2]
    root = "api/v1/projects/" + "/".join(quote(part, safe="!'()*-._~") for part in parts[:2])
    reads: dict[str, Read] = {
        "api/v1/viewer": viewer,
        f"{root}/keys": partial(catalog.keys_of, call, entity, project),
    }
    if parse_qs(call.request.url.query, keep_blank_values=True).keys() <= WITHOUT_RUN_QUERY:
        newest = partial(catalog.runs_of, call, entity, project, wire.RunsParameters())
        reads[f"{root}/runs?sort=-created&limit=100"] = newest
    return reads


def announce(page: str, reads: dict[str, Read]) -> str:
    """Return a page that says which answers it is going to hold; its script does not wait for its end."""
    said = html.escape(" ".join(reads))
    page = page.replace("<html", f'<html data-answers="{said}"', 1)
    return page.replace("<script defer", "<script async", 1)


def page_with_answers(call: Call, page: str, reads: dict[str, Read]) -> Response:
    """Answer a page at once, except for its end, and then the answers and its end.

    What cannot be read is left out: the page asks for it, and shows what is the matter. Nothing of it is kept, as
    answers are not: a page that a browser goes back to shows what is true now.
    """
    headers, pack = stream_packer(accepted_encodings(call.request))
    pieces = _pieces(page, reads, pack)
    return StreamingResponse(pieces, 200, {"cache-control": "no-store", **headers}, "text/html")


async def _pieces(
    page: str, reads: dict[str, Read], pack: Callable[[bytes, bool], bytes]
) -> AsyncIterator[bytes]:
    begun, _, rest = page.partition(END)
    asked = [asyncio.ensure_future(read()) for read in reads.values()]
    try:
        yield pack(begun.encode(), False)
        answers = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        for one in asked:
            one.cancel()  # whoever wanted the page has gone
    found: list[bytes] = []
    for address, answer in zip(reads, answers, strict=True):
        if isinstance(answer, BaseException):
            continue
        # Not even `</script>` in the name of a run ends the element.
        body = encode_json(answer).replace(b"<", b"\\u003c")
        opened = f'<script type="application/json" data-answer="{html.escape(address)}">'
        found += [opened.encode(), body, b"</script>"]
    yield pack(b"".join([*found, END.encode(), rest.encode()]), True)

"""Files of artifacts by the addresses that clients make themselves (wandb_protocol.md, 8, "Read path")."""

from __future__ import annotations

import re
from functools import partial

from starlette.responses import Response

from epochal.errors import NotFound
from epochal.server.file_answer import file_answer
from epochal.server.route import Call
from epochal.server.wandb.artifacts.ids import base64_md5

_MD5 = re.compile(r"[0-9a-f]{32}")
FOR_EVER = "private, max-age=31536000, immutable"


async def by_place(call: Call) -> Response:
    """Answer ``region/entity/project/collection[/artifact id]/birth artifact id/md5/name``.

    The ids of artifacts say where a bucket would have the file; here its MD5 finds it among those of its entity.
    Client 0.12 has a shorter one, ``region/entity/birth artifact id/md5``.
    """
    parts = call.path("place").split("/")
    if len(parts) < 4:
        raise NotFound(
            "an artifact's file is at region/entity/project/collection/artifact/md5/name"
        )
    digits = parts[-1] if _MD5.fullmatch(parts[-1]) and len(parts) == 4 else parts[-2]
    return await _answer(call, parts[1], digits, parts[-1])


async def by_md5(call: Call) -> Response:
    """Answer the file of an entity that has an MD5, in hexadecimal digits."""
    digits = call.path("md5")
    return await _answer(call, call.path("entity"), digits, digits)


async def _answer(call: Call, entity: str, digits: str, name: str) -> Response:
    store = await call.service.open_store()
    find = partial(store.artifacts.file_by_md5, call.principal, entity, base64_md5(digits))
    return await file_answer(call, call.principal, await call.service.catalog(find), name, FOR_EVER)

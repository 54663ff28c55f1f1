"""Files of artifacts that rows and other artifacts name by an id.

``wandb-client-artifact://<client id>/<path>`` has the id which the client gave the version before it knew of any other,
``wandb-artifact://<hex>/<path>`` the id of the GraphQL interface, as hexadecimal digits.
"""

from __future__ import annotations

import base64
import re

from starlette.responses import Response

from epochal.errors import EpochalError, NotFound
from epochal.server.file_answer import file_answer
from epochal.server.route import Call
from epochal.server.wire import ThumbParameters

FOR_EVER = "private, max-age=31536000, immutable"
_CLIENT_ID = re.compile(r"[\w-]{1,256}", re.ASCII)


async def client_file(call: Call) -> Response:
    """Answer the bytes of a file of the version that a client logged under an id of its own."""
    client, path = call.path("client"), call.path("path")
    thumb = call.parameters(ThumbParameters).thumb
    if _CLIENT_ID.fullmatch(client) is None:
        raise NotFound(f"there is no artifact {client[:200]!r}")
    store = await call.service.open_store()

    def find() -> str:
        artifact = _number(client)
        if artifact is None:
            artifact = store.artifacts.find_client(call.principal, client)
        if artifact is None:
            raise NotFound(f"no artifact of the client id {client[:40]!r} has been committed yet")
        found = store.artifacts.files(call.principal, artifact, limit=1, names=[path])
        if not found or found[0][1].blob is None:
            raise NotFound(f"the artifact has no file {path[:200]!r}")
        return found[0][1].blob

    digest = await call.service.catalog(find)
    return await file_answer(call, call.principal, digest, path, FOR_EVER, thumb=thumb)


def _number(client: str) -> int | None:
    """Return the number of the version that hexadecimal digits name; None for ids of clients, which name none."""
    from epochal.server.wandb.nodes import read_id

    try:
        name = read_id("Artifact", base64.b64encode(bytes.fromhex(client)).decode("ascii"))
    except (ValueError, EpochalError):
        return None
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 18 else None

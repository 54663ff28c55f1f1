"""Errors as the wandb client reads them: ``{"errors": [{"message": text}]}``, whatever went wrong."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from epochal.errors import EpochalError, NotFound
from epochal.server.answers import JSON, RETRY_AFTER_S, Unauthorized, encode_json, status_of

INVALID_KEY = (
    "invalid API key: `epochal up` prints the one of this server as WANDB_API_KEY, "
    "and its page /authorize shows it"
)
NO_STORE = {"cache-control": "no-store"}


class Gone(NotFound):
    """Something without which a client has nothing to do: it looks at the status, which is 404."""


def refusal(error: EpochalError) -> Response:
    """Return the answer to a request that is refused as a whole.

    401, 403, 400, 413 are not tried again by any client; 503, 429, 507 are, after Retry-After.
    """
    message = INVALID_KEY if isinstance(error, Unauthorized) else str(error)
    return errors_response([{"message": message}], status_of(error)[0])


def errors_response(errors: list[dict[str, Any]], status: int) -> Response:
    """Return errors with a status; those that pass say when to come back."""
    headers = dict(NO_STORE)
    if status in RETRY_AFTER_S:
        headers["retry-after"] = RETRY_AFTER_S[status]
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="epochal"'
    return Response(encode_json({"errors": errors}), status, headers, JSON)

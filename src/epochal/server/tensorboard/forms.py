"""Forms in bodies, as TensorBoard's page and scripts post them: urlencoded, or in parts."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from epochal.errors import UsageError

Fields = dict[str, list[str]]


def read_form(content_type: str, body: bytes) -> Fields:
    """Return the texts of each field of a form, in their order. Raises UsageError for a body that is none."""
    fields: Fields = {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            for name, value in parse_qsl(body.decode("utf-8"), keep_blank_values=True):
                fields.setdefault(name, []).append(value)
        except ValueError as error:
            raise UsageError(f"the form cannot be read: {error}") from error
        return fields
    if kind != "multipart/form-data":
        raise UsageError(f"the body is declared as {kind[:80]!r}; expected a form")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise UsageError("the parts of the form cannot be told apart")
    for part in message.iter_parts():  # pyright: ignore[reportAttributeAccessIssue]
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields.setdefault(name, []).append(payload.decode("utf-8", "replace"))
    return fields

"""Answers that are the bytes of media: their type, ranges of them, and small pictures of large ones."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from epochal.errors import EpochalError

UNKNOWN = "application/octet-stream"
AT_ONCE = 2 << 20
"""Bytes up to which an answer is read whole, and in portions of which a longer one is sent."""
HEADERS = {
    # What a stranger logged must not act as a page of this server, should somebody open it as one.
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
}
MAX_PIXELS = 100_000_000
"""Pixels of a picture above which no small one is made of it."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Reader = Callable[[int, int], Awaitable[bytes]]
"""Returns the bytes from a start to before an end."""


class NoImage(EpochalError):
    """A small picture was asked for of bytes that are none, or of one too large to be unpacked."""


def media_type(head: bytes) -> str:
    """Return the media type that the first bytes (16 or more, where there are) of a file tell."""
    for magic, name in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM", "image/bmp"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"ID3", "audio/mpeg"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
    ):
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # frame sync of layer III
        return "audio/mpeg"
    return UNKNOWN


async def bytes_response(
    request: Request, total: int, read: Reader, *, etag: str, cache: str
) -> Response:
    """Return `total` bytes, or the part of them that the request's Range names.

    etag: names these bytes and no others; cache: the Cache-Control of the answer.
    """
    headers = {**HEADERS, "cache-control": cache, "etag": f'"{etag}"'}
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    kind = media_type(await read(0, min(16, total)))
    start, end, status = 0, total, 200
    asked = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if (
        asked
        and asked[0] != "bytes=-"
        and request.headers.get("if-range", f'"{etag}"') == f'"{etag}"'
    ):
        if asked[1]:
            start = int(asked[1])
            end = min(total, int(asked[2]) + 1) if asked[2] else total
        else:
            start = max(0, total - int(asked[2]))
        if start >= end:
            return Response(
                status_code=416, headers={**headers, "content-range": f"bytes */{total}"}
            )
        headers["content-range"] = f"bytes {start}-{end - 1}/{total}"
        status = 206
    if end - start <= AT_ONCE:
        return Response(await read(start, end), status, headers, kind)

    async def portions() -> AsyncIterator[bytes]:
        for at in range(start, end, AT_ONCE):
            yield await read(at, min(at + AT_ONCE, end))

    headers["content-length"] = str(end - start)
    return StreamingResponse(portions(), status, headers, kind)


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or f'"{etag}"' in tags


def thumbnail(data: bytes, size: int) -> tuple[bytes, str]:
    """Return an image of at most `size` pixels a side, and its media type; of an animation the first picture.

    One that is small enough already comes back as it is, where browsers know its format. Raises NoImage.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            kind = media_type(data)
            if max(width, height) <= size and kind.startswith("image/"):
                return data, kind
            if width * height > MAX_PIXELS:
                raise NoImage(
                    f"an image of {width} x {height} pixels is too large to be made small"
                )
            image.draft("RGB", (size, size))  # a JPEG is unpacked at an eighth of its size
            plain = _displayable(image)
            plain.thumbnail((size, size))
            packed = io.BytesIO()
            if plain.mode == "RGB" and kind == "image/jpeg":
                plain.save(packed, "JPEG", quality=85)
                return packed.getvalue(), "image/jpeg"
            plain.save(packed, "PNG", compress_level=3)
            return packed.getvalue(), "image/png"
    except NoImage:
        raise
    except Exception as error:
        # Decoders raise whatever comes to them about broken files: OSError, ValueError, struct.error, bombs' warnings.
        raise NoImage(f"these bytes are no image that can be read: {error}") from error


def _displayable(image: Any) -> Any:
    """Return an image in a mode that PNG and browsers have: 16 and 32 bit greys scaled to 8, palettes resolved."""
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    if image.mode.startswith("I"):
        return image.convert("I").point(_upper_byte).convert("L")
    if image.mode in ("P", "PA"):
        return image.convert(
            "RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB"
        )
    return image.convert("L" if image.mode in ("1", "F") else "RGB")


def _upper_byte(grey: Any) -> Any:
    """Return a 16 bit grey as one of 8 bits; Pillow asks it once, of a number that stands for all."""
    return grey / 256

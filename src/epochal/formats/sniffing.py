"""What the first bytes of a picture or a sound say: its format and its size. Nothing is decoded."""

from __future__ import annotations

import struct

_UNKNOWN = "unknown"


def image_of(head: bytes) -> tuple[str, tuple[int, int] | None]:
    """Return the format (png, jpeg, gif, webp, bmp, svg, unknown) and (width, height) where the head says it."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", struct.unpack_from(">II", head, 16) if len(head) >= 24 else None
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif", struct.unpack_from("<HH", head, 6) if len(head) >= 10 else None
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg", _jpeg_size(head)
    if head.startswith(b"BM"):
        size = struct.unpack_from("<ii", head, 18) if len(head) >= 26 else None
        return "bmp", (abs(size[0]), abs(size[1])) if size else None
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp", None
    if head.lstrip()[:5] in (b"<svg ", b"<?xml") and b"<svg" in head:
        return "svg", None
    return _UNKNOWN, None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Return the size in the frame header (ITU T.81, B.2.2): markers C0 to CF but for C4, C8 and CC."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def audio_of(head: bytes, size: int) -> tuple[str, tuple[float, int, int] | None]:
    """Return the format (wav, mp3, ogg, flac, unknown) and of a WAV file (rate in Hz, channels, samples of one).

    size: bytes of the whole file.
    """
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav", _wav_facts(head, size)
    if head.startswith(b"OggS"):
        return "ogg", None
    if head.startswith(b"fLaC"):
        return "flac", None
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return "mp3", None
    return _UNKNOWN, None


def _wav_facts(head: bytes, size: int) -> tuple[float, int, int] | None:
    at, rate, channels, width = 12, 0, 0, 0
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(head):
            channels, rate, _bytes_a_second, width = struct.unpack_from("<HIIH", head, at + 10)
        elif name == b"data":
            frames = min(length, size - at - 8) // width if width else 0
            return float(rate), channels, frames
        at += 8 + length + (length & 1)
    return (float(rate), channels, 0) if rate else None

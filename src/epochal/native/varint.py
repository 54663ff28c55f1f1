"""Integers as protobuf writes them; apart from the kernels, whose plain twin loads numpy."""

from __future__ import annotations


def encode_varint(value: int) -> bytes:
    """Return an integer of 64 bits as a varint; negative ones take ten bytes."""
    if 0 <= value < 128:
        return bytes((value,))
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)

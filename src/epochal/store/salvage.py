"""What is read where bytes of the store are damaged: everything else, with the damage named in the log."""

from __future__ import annotations

import logging

import numpy as np

from epochal.errors import CorruptBlock
from epochal.formats.frame import TailFrame, decode_tail, encode_tail

logger = logging.getLogger(__name__)


def read_tail(data: bytes, *, tail: int, row0: int, n: int) -> TailFrame:
    """Return the frame of tail row `tail`; a damaged one counts as `n` rows from `row0` on without any value.

    The rows stay numbered as they were, so that a fold finds every other row where it belongs.
    """
    try:
        return decode_tail(data)
    except CorruptBlock as error:
        logger.error(
            "tail row %d (rows %d to %d of its writer) is damaged and left out: %s",
            tail,
            row0,
            row0 + n - 1,
            error,
        )
        return decode_tail(encode_tail(row0, np.zeros(n, np.int64), np.zeros(n), []))

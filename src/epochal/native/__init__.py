"""The few loops that numpy cannot run fast, compiled where there was a C compiler at installation.

`plain.py` has the same functions in numpy; the rest of epochal does not know which of the two it calls.
"""

from __future__ import annotations

__all__ = [
    "BUCKET",
    "DecayedParts",
    "Merged",
    "MergedParts",
    "Part",
    "centred_mean",
    "crc32c",
    "decay_parts",
    "decaying_mean",
    "extremes",
    "fading_mean",
    "find_length",
    "frame_records",
    "gaussian_mean",
    "group_values",
    "interleave",
    "is_compiled",
    "keep_freed",
    "know_scalar",
    "list_names",
    "merge_columns",
    "merge_parts",
    "merge_points",
    "new_names",
    "sample_parts",
    "walk_events",
    "widen",
]

try:
    from epochal.native.compiled import (
        BUCKET,
        DecayedParts,
        Merged,
        MergedParts,
        Part,
        centred_mean,
        crc32c,
        decay_parts,
        decaying_mean,
        extremes,
        fading_mean,
        find_length,
        frame_records,
        gaussian_mean,
        group_values,
        interleave,
        keep_freed,
        know_scalar,
        list_names,
        merge_columns,
        merge_parts,
        merge_points,
        new_names,
        sample_parts,
        walk_events,
        widen,
    )
except ImportError:
    from epochal.native.plain import (
        BUCKET,
        DecayedParts,
        Merged,
        MergedParts,
        Part,
        centred_mean,
        crc32c,
        decay_parts,
        decaying_mean,
        extremes,
        fading_mean,
        find_length,
        frame_records,
        gaussian_mean,
        group_values,
        interleave,
        keep_freed,
        know_scalar,
        list_names,
        merge_columns,
        merge_parts,
        merge_points,
        new_names,
        sample_parts,
        walk_events,
        widen,
    )

    is_compiled = False
else:
    is_compiled = True

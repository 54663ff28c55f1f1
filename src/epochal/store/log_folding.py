"""Folding on request: directories that writers of scalars and hyperparameters made below a run are a part of that run.

``add_scalars`` writes each line of a chart into a directory of its own: ``TAG_NAME`` (torch, slashes of the tag are
underscores) or ``TAG/NAME`` (tensorboardX) below the run's, with the one tag TAG. Folded, it is the key ``TAG/NAME`` of
the run, as our own writer has it. ``add_hparams`` writes into a directory named by the time, or as it is told to:
folded, its settings are those of the run, its metrics keys of it. TensorBoard shows each as a run, and so does epochal
unless asked to fold.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from epochal.formats.tfevents import EventReader, Events, read_piece
from epochal.records import Frame
from epochal.store.log_tree import Tree

PEEK_BYTES = 256 << 10
_TIME = re.compile(r"\d{9,11}(\.\d+)?")
"""What torch and tensorboardX call the directory of add_hparams: `str(time.time())`."""


def folded_key(below: str, tag: str) -> str | None:
    """Return what a tag in the directory `below` a run is called in that run, None where add_scalars has not made it.

    below: relative to the run's directory, "/" between its parts.
    """
    stem = tag.replace("/", "_") + "_"
    if tag and "/" not in below and below.startswith(stem) and below != stem:
        return f"{tag}/{below[len(stem) :]}"
    if tag and below.startswith(f"{tag}/") and below != f"{tag}/":
        return f"{tag}/{below[len(tag) + 1 :]}"
    return None


def renamed(frame: Frame, below: str) -> Frame:
    """Return the frame with the names that its columns have in the run that it is folded into."""
    columns = tuple(
        structs.replace(column, name=folded_key(below, column.name) or column.name)
        for column in frame.columns
    )
    return structs.replace(frame, columns=columns)


def find_run(
    tree: Tree, path: str, home: str, homes: Mapping[str, Sequence[str]], *, is_settled: bool
) -> str | None:
    """Return the directory of the run that a new file is to be folded into; `home`, its own, where it is none's part.

    homes: the directories that hold event files, with the paths of these. is_settled: whether nothing was written for a
    while: a run may begin as a file of add_hparams does, and goes on. None as long as the file does not say what it
    is. Raises OSError.
    """
    above = [each for each in _above(home) if each in homes]
    if not above:
        return home
    reader, found = _peek(tree, path)
    tags = {column.name for column in found.frame.columns}
    if not tags and not reader.hparams_changed:
        return None
    for run in above:
        below = posixpath.relpath(home, run)
        if tags and all(folded_key(below, tag) for tag in tags):
            return run
        if reader.hparams_changed and _TIME.fullmatch(below):
            return run
    if _is_of_add_hparams(reader, found):
        others = [each for each in homes.get(home, ()) if each != path]
        if all(_is_of_add_hparams(*_peek(tree, each)) for each in others):
            return above[0] if is_settled else None
    return home


def _peek(tree: Tree, path: str) -> tuple[EventReader, Events]:
    reader = EventReader()
    with tree.open(path) as file:
        return reader, reader.read(read_piece(file, PEEK_BYTES))


def _is_of_add_hparams(reader: EventReader, found: Events) -> bool:
    """Whether a file holds what one call of add_hparams writes, whatever its directory is called.

    Settings that have already ended, and one value of each metric that they name, nothing else (torch 2.13,
    `SummaryWriter.add_hparams`: the three summaries of `hparams`, then a scalar for each item of `metric_dict`).
    """
    hparams = reader.hparams
    if not reader.hparams_changed or hparams.state is None or not hparams.metrics:
        return False
    columns = found.frame.columns
    return {column.name for column in columns} == hparams.metrics and all(
        len(column.values) == 1 for column in columns
    )


def _above(home: str) -> Iterable[str]:
    while home != ".":
        home = posixpath.dirname(home) or "."
        yield home

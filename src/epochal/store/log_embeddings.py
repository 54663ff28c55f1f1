"""The projector's configuration in a log directory, as a writer whose rows are embeddings."""

from __future__ import annotations

from dataclasses import dataclass

from epochal.store.log_file import EventFile


@dataclass(slots=True)
class EmbeddingFile(EventFile):
    """A projector_config.pbtxt that is followed."""

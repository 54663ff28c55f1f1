"""`%load_ext epochal.notebook.tensorboard`: `%tensorboard` opens epochal, with TensorBoard's own options."""

from __future__ import annotations

from typing import Any

from epochal.notebook.pages import display, list

__all__ = ["display", "list", "load_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Register `%tensorboard` (and `%epochal`)."""
    from epochal.notebook.magic import epochal_magic

    for name in ("tensorboard", "epochal"):
        ipython.register_magic_function(epochal_magic, magic_kind="line", magic_name=name)

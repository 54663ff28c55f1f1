"""epochal in a notebook: `%load_ext epochal`, then `%epochal`; `display` and `list` as functions.

    %load_ext epochal
    %epochal --logdir logs            a folder of event files, live
    %epochal --project digits         runs logged with epochal

A server over the data directory is started when none runs, and found again by the next cell and the next kernel.
"""

from __future__ import annotations

from typing import Any

from epochal.notebook.pages import display, list, open_page

__all__ = ["display", "list", "load_ipython_extension", "open_page"]


def load_ipython_extension(ipython: Any) -> None:
    """Register `%epochal`: what `%load_ext epochal` calls."""
    from epochal.notebook.magic import epochal_magic

    ipython.register_magic_function(epochal_magic, magic_kind="line", magic_name="epochal")

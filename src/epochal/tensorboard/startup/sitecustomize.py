"""Lets our SummaryWriter stand in before the first line of a script; Python imports a module of this name at its start.

`python -m epochal.tensorboard` puts this folder in front of PYTHONPATH. The interpreter's own sitecustomize, where
there is one, is run afterwards.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def start() -> None:
    """Stand in, then run the sitecustomize that this one hides."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here]
    if os.environ.get("EPOCHAL_TENSORBOARD"):
        try:
            import_module("epochal")  # which looks at the variable
        except ImportError:
            pass  # another interpreter, started by the script, which does not have us
    hidden = PathFinder.find_spec("sitecustomize", sys.path)
    if hidden is not None and hidden.loader is not None:
        sys.modules["sitecustomize"] = module = module_from_spec(hidden)
        hidden.loader.exec_module(module)


start()

"""Run a Python program with a planted fault.

    python tests/faults/planted.py NAME -- [-m MODULE | SCRIPT] ARGUMENT...

The product knows nothing of plants: this wrapper changes it from outside, then becomes the program.
"""

from __future__ import annotations

import os
import runpy
import sys


def main() -> None:
    """Plant, then run."""
    # The root of the checkout, so that `tests.faults.plants` is the same module here and in pytest.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    name, separator, *program = sys.argv[1:]
    if separator != "--" or not program:
        raise SystemExit(__doc__)
    from tests.faults import plants

    plants.PLANTS[name].apply()
    if program[0] == "-m":
        sys.argv = program[1:]
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = program
        runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main()

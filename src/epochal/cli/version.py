"""``epochal version``."""

from __future__ import annotations

import argparse
from importlib.metadata import PackageNotFoundError, version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(args: argparse.Namespace) -> int:
    """Print the version."""
    del args
    try:
        print(f"epochal {version('epochal')}")
    except PackageNotFoundError:
        print("epochal (not installed: a checkout on the path)")
    return 0

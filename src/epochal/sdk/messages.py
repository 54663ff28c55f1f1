"""What epochal says in a terminal: warnings through `logging`, and calm lines at the start and the end."""

from __future__ import annotations

import os
import sys


def warn(message: str) -> None:
    """Log a warning to the logger ``epochal`` (standard error, unless the script says otherwise)."""
    import logging  # 12 ms that most processes never need

    logging.getLogger("epochal").warning("epochal: %s", message)


def say(line: str, *, quiet: bool) -> None:
    """Print a line to standard error; a terminal that cannot show it gets ASCII, a closed one nothing."""
    if quiet or sys.stderr is None:
        return
    try:
        sys.stderr.write(line + "\n")
    except UnicodeEncodeError:
        encoding = getattr(sys.stderr, "encoding", None) or "ascii"
        sys.stderr.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    except (OSError, ValueError):
        return  # closed: what we have to say must not end the script
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def printable(text: str) -> str:
    """Return `text` without control characters: names come from scripts and may carry terminal escapes."""
    return "".join(character if character.isprintable() else " " for character in text)


def supports_unicode() -> bool:
    """Return whether standard error can show block characters."""
    encoding = getattr(sys.stderr, "encoding", None) or "ascii"
    try:
        "▁█…".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def supports_color() -> bool:
    """Return whether standard error is a terminal that wants colour."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal()


def is_terminal() -> bool:
    """Return whether standard error is a terminal."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        return False  # closed

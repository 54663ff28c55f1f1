"""Makes up run ids, uids, writer uids and names."""

from __future__ import annotations

import os
import time

from epochal.errors import UsageError

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

ADJECTIVES = """
amber autumn bold brave bright brisk calm clear clever cool coral crisp curious dawn deep
early eager easy fair fast fern fine fleet fresh gentle glad golden good grand green happy
hardy hazel honest icy ivory jade jolly keen kind late lively lucid lucky lunar mellow merry
mild misty neat nimble noble olive opal pale patient plain polite proud pure quick quiet
rapid rare ready rosy round ruby rustic sage salty sandy sharp shy silent silver simple
sleek slow smooth snowy soft solar solid spry steady still stout sunny swift tall teal tidy
tiny true upbeat vast velvet vivid warm wild windy wise witty
""".split()  # noqa: SIM905 - readable as lines of words
NOUNS = """
acorn apple ash bay beach beacon birch bird bloom breeze bridge brook canyon cedar cliff
cloud clover comet coast creek crest dale delta desert dove dune dusk eagle earth elm ember
falcon fern field finch fire fjord flower forest fox garden glade glen grove gull harbor
hare hawk hill horizon island ivy lagoon lake lantern lark leaf lily lynx maple marsh meadow
mesa mist moon moss mountain oak ocean orchid otter owl path peak pebble pine planet plum
pond prairie rain raven reef ridge river robin sea shore sky snow sparrow spring spruce star
stone storm stream summit sun swan thicket tide tree valley wave willow
""".split()  # noqa: SIM905 - readable as lines of words


def random_text(length: int) -> str:
    """Return `length` base-36 characters from the system's random source."""
    # 256 % 36 = 4: the first four characters are 1/7 of a percent likelier, which costs 8
    # characters 0.01 bit.
    return "".join(ALPHABET[byte % 36] for byte in os.urandom(length))


def make_run_uid(now: float) -> str:
    """Return a run uid such as ``20261122-010203-k3j9x2ab`` (UTC start, about 41 random bits)."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + random_text(8)


def make_writer_uid(parent: str | None = None) -> str:
    """Return a writer uid; that of a forked child begins with its parent's and a dash."""
    return random_text(12) if parent is None else f"{parent}-{random_text(6)}"


def make_run_name() -> str:
    """Return a name such as ``mild-snow-9``."""
    first, second, third, fourth = os.urandom(4)
    number = (third * 256 + fourth) % 999 + 1
    return f"{ADJECTIVES[first % len(ADJECTIVES)]}-{NOUNS[second % len(NOUNS)]}-{number}"


def check_name(what: str, value: object) -> str:
    """Return `value` as the name of an entity, project or run id.

    Raises UsageError when it cannot be one.
    """
    text = str(value)
    if not 1 <= len(text) <= 128:
        raise UsageError(f"{what} must have 1 to 128 characters, got {len(text)}: {text[:40]!r}")
    if "/" in text or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise UsageError(f"{what} {text!r} contains '/' or a control character; leave them out")
    return text

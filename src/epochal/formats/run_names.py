"""Makes up names for runs: of the client's, and of the server's for clients that have none of their own."""

from __future__ import annotations

import os

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


def make_run_name() -> str:
    """Return a name such as ``mild-snow-9``."""
    first, second, third, fourth = os.urandom(4)
    number = (third * 256 + fourth) % 999 + 1
    return f"{ADJECTIVES[first % len(ADJECTIVES)]}-{NOUNS[second % len(NOUNS)]}-{number}"

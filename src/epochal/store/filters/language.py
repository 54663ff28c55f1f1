r"""The filter language of the run list, read into the nodes of `filters.nodes`.

    adam night                 both words occur in name, id, tags, notes, group or job type (case does not matter)
    "night run"  /lr-\d+/       a phrase; a regular expression
    config.lr<0.01             = != < <= > >=; without config. or summary. both are looked for, config first
    config.opt in (adam, sgd)  and its contrary: not in
    state:running  tag:best    name: id: notes: contain; tag: state: group: job_type: are equal
    created>-7d  duration>2h   times: -7d, -12h, 2026-11-01, 2026-11-01T08:30; lengths: 90s, 5m, 2h, 1d
    not (a or b) and c         and may be left out; a key with spaces is quoted: "config.batch size"=3

``x!=1`` is ``not x=1``, so it is true where x is missing; every other comparison is false there. Nothing is ever
executed: the parser makes frozen nodes, and `filters.evaluation` walks them.
"""

from __future__ import annotations

import json
import re
import time
from typing import Literal

from msgspec import Struct

from epochal.errors import FilterError
from epochal.store.filters.mongo import compile_filters
from epochal.store.filters.nodes import (
    FIELDS,
    MAX_NESTING,
    TIME_FIELDS,
    All,
    AnyOf,
    Compare,
    Contains,
    Matches,
    Node,
    Not,
    Value,
    Words,
    equal,
    field_name,
    is_field,
)
from epochal.store.filters.words import check_regex, read_length, read_number, read_time

MAX_FILTER = 4096
_CONTAINS = frozenset(["name", "id", "notes"])


def parse_filter(text: str, now: float | None = None) -> Node:
    """Return the syntax tree of a filter, in the filter language or (when it begins with ``{``) as MongoDB-like JSON.

    Args:
        text: the filter; empty matches everything.
        now: the time from which ``-7d`` counts; the present without it.

    Raises:
        FilterError: with the position and one sentence.
    """
    if len(text) > MAX_FILTER:
        raise FilterError(
            f"the filter has {len(text)} characters, at most {MAX_FILTER} are read",
            MAX_FILTER,
            len(text) - MAX_FILTER,
        )
    present = time.time() if now is None else now
    if text.lstrip().startswith("{"):
        try:
            filters = json.loads(text)
        except (ValueError, RecursionError) as error:
            position = getattr(error, "pos", 0)
            raise FilterError(f"the JSON filter cannot be read: {error}", position, 1) from error
        return compile_filters(filters, present)
    return _Parser(text, present).parse()


class Part(Struct, frozen=True):
    """One of the conditions of a filter that must all hold, and which characters of the filter it is."""

    node: Node
    start: int
    end: int


def conjuncts(text: str) -> list[Part]:
    """Return the parts of a filter that is an "and" of several, none for another filter. Raises FilterError."""
    if text.lstrip().startswith("{"):
        return []
    parts = _Parser(text, time.time()).conjuncts()
    return parts if len(parts) > 1 else []


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')(?P<colon>:?)
    | (?P<regex>/(?:[^/\\]|\\.)+/)(?=[\s()]|$)
    | (?P<operator><=|>=|!=|==|=|<|>)
    | (?P<mark>[(),])
    | (?P<word>(?:[^\s()<>=!,"':]|!(?!=)|:(?!["'])|(?<=\w)'(?=\w))+:?|:)
    )""",
    re.VERBOSE,
)


class _Token(Struct, frozen=True):
    kind: Literal["string", "key", "regex", "operator", "mark", "word"]
    text: str
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    def fault(self, message: str) -> FilterError:
        return FilterError(message, self.start, self.length)

    def is_word(self, word: str) -> bool:
        return self.kind == "word" and self.text.lower() == word


class _Parser:
    def __init__(self, text: str, now: float) -> None:
        self.text = text
        self.now = now
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0

    def parse(self) -> Node:
        if not self.tokens:
            return All(())
        node = self._either()
        token = self._peek()
        if token is not None:
            raise token.fault(f"unexpected {token.text!r} at {token.start + 1}")
        return node

    def _peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise FilterError(f"the filter ends where {wanted} was expected", len(self.text))
        self.position += 1
        return token

    def _either(self) -> Node:
        nodes = [self._both()]
        while (token := self._peek()) is not None and token.is_word("or"):
            self.position += 1
            nodes.append(self._both())
        return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))

    def _both(self) -> Node:
        nodes = [part.node for part in self._parts()]
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _parts(self) -> list[Part]:
        parts = [self._part()]
        while (token := self._peek()) is not None and token.text != ")" and not token.is_word("or"):
            if token.is_word("and"):
                self.position += 1
            parts.append(self._part())
        return parts

    def _part(self) -> Part:
        first = self._peek()
        node = self._negation()
        start = len(self.text) if first is None else first.start
        return Part(node, start, self.tokens[self.position - 1].end)

    def conjuncts(self) -> list[Part]:
        """Return the parts of which all must hold, none when an "or" stands between them."""
        parts = self._parts() if self.tokens else []
        return parts if self._peek() is None else []

    def _negation(self) -> Node:
        token = self._peek()
        if token is not None and token.is_word("not"):
            self.position += 1
            self._deeper(token)
            node = Not(self._negation())
            self.depth -= 1
            return node
        return self._primary()

    def _deeper(self, token: _Token) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise token.fault(f"the filter nests deeper than {MAX_NESTING} at {token.start + 1}")

    def _primary(self) -> Node:
        token = self._next("a word or a comparison")
        if token.text == "(" and token.kind == "mark":
            self._deeper(token)
            node = self._either()
            self.depth -= 1
            closing = self._peek()
            if closing is None or closing.text != ")":
                raise token.fault(f"the parenthesis at {token.start + 1} is not closed")
            self.position += 1
            return node
        if token.kind == "regex":
            return Matches(None, check_regex(token.text[1:-1], token.start, token.length))
        if token.kind in ("mark", "operator") or token.is_word("and") or token.is_word("or"):
            message = (
                f"a word or a comparison was expected at {token.start + 1}, not {token.text!r}"
            )
            raise token.fault(message)
        if token.kind == "key":
            return self._has(token.text, self._value())
        following = self._peek()
        if following is not None and following.kind == "operator":
            self.position += 1
            return self._comparison(token, following)
        if following is not None and following.is_word("in") and self._opens_list(1):
            self.position += 1
            return AnyOf(tuple(self._equal(token.text, value) for value in self._list()))
        if following is not None and following.is_word("not") and self._opens_list(2):
            self.position += 2
            return Not(AnyOf(tuple(self._equal(token.text, value) for value in self._list())))
        if token.kind == "word":
            field, colon, rest = token.text.partition(":")
            if colon and is_field(field):
                if rest:
                    start = token.start + len(field) + 1
                    return self._has(field, _Token("word", rest, start, token.end))
                return self._has(field, self._value())
        return Words(token.text.casefold())

    def _opens_list(self, ahead: int) -> bool:
        """Whether an ``in`` stands before `ahead` tokens and a parenthesis after them."""
        at = self.position + ahead
        return (
            at < len(self.tokens)
            and self.tokens[at].text == "("
            and self.tokens[at - 1].is_word("in")
        )

    def _value(self) -> _Token:
        token = self._next("a value")
        if token.kind not in ("word", "string"):
            raise token.fault(f"a value was expected at {token.start + 1}, not {token.text!r}")
        return token

    def _list(self) -> list[_Token]:
        opening = self._next("a parenthesis")
        values: list[_Token] = []
        while True:
            token = self._peek()
            if token is None:
                raise opening.fault(f"the list at {opening.start + 1} is not closed")
            if token.text == ")" and token.kind == "mark":
                self.position += 1
                return values
            if token.text == "," and token.kind == "mark":
                self.position += 1
                continue
            values.append(self._value())

    def _comparison(self, key: _Token, sign: _Token) -> Node:
        value = self._value()
        if sign.text in ("=", "=="):
            return self._equal(key.text, value)
        if sign.text == "!=":
            return Not(self._equal(key.text, value))
        field = field_name(key.text)
        if field == "tags":
            raise key.fault("tags have no order: write tag:NAME")
        return Compare(field, sign.text, self._literal(field, value))  # type: ignore[arg-type]

    def _equal(self, key: str, value: _Token) -> Node:
        return equal(field_name(key), self._literal(field_name(key), value))

    def _has(self, key: str, value: _Token) -> Node:
        field = field_name(key)
        literal = self._literal(field, value)
        if field in FIELDS and field not in _CONTAINS:
            return equal(field, literal)
        found: Node = Contains(field, value.text.casefold())
        return found if literal.number is None else AnyOf((equal(field, literal), found))

    def _literal(self, field: str, token: _Token) -> Value:
        if field in TIME_FIELDS:
            return Value(token.text, read_time(token.text, self.now, token.start))
        if field == "duration":
            return Value(token.text, read_length(token.text, token.start))
        return Value(token.text, None if token.kind == "string" else read_number(token.text))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            said = "the quotation mark" if text[start] in "\"'" else f"{text[start]!r}"
            length = len(text) - start if text[start] in "\"'" else 1
            raise FilterError(f"{said} at {start + 1} has no end or no meaning here", start, length)
        kind = "string" if found.group("string") else str(found.lastgroup)
        start, end = found.span(kind)
        word = found.group(kind)
        if kind == "word" and word.startswith("/"):
            message = f"the regular expression at {start + 1} has no closing /"
            raise FilterError(message, start, len(word))
        if kind == "string":
            word = re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL)
            kind = "key" if found.group("colon") else "string"
            end = found.end()
        tokens.append(_Token(kind, word, start, end))  # type: ignore[arg-type]
        position = end
    return tokens

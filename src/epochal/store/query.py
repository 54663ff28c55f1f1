r"""The filter language of the run list, and MongoDB-like filters, as one syntax tree that is evaluated over columns.

    adam night                 both words occur in name, id, tags, notes, group or job type (case does not matter)
    "night run"  /lr-\d+/       a phrase; a regular expression
    config.lr<0.01             = != < <= > >=; without config. or summary. both are looked for, config first
    config.opt in (adam, sgd)  and its contrary: not in
    state:running  tag:best    name: id: notes: contain; tag: state: group: job_type: are equal
    created>-7d  duration>2h   times: -7d, -12h, 2026-11-01, 2026-11-01T08:30; lengths: 90s, 5m, 2h, 1d
    not (a or b) and c         and may be left out; a key with spaces is quoted: "config.batch size"=3

``x!=1`` is ``not x=1``, so it is true where x is missing; every other comparison is false there. Nothing is ever
executed: the parser makes the frozen nodes below, and `evaluate` walks them.
"""

from __future__ import annotations

import json
import operator
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from epochal.errors import FilterError

MAX_FILTER = 4096
MAX_REGEX = 256
MAX_REGEX_TEXT = (4096, 1024, 256, 96)
"""Characters of a text that an expression with so many open repeats sees: each repeat multiplies the work."""
MAX_REGEX_SECONDS = 0.5
MAX_NESTING = 50

Operator = Literal["=", "<", "<=", ">", ">="]
Mask = npt.NDArray[np.bool_]

TEXT_FIELDS = ("uid", "id", "name", "state", "group", "job_type", "notes", "host")
TIME_FIELDS = ("created", "updated", "finished")
NUMBER_FIELDS = ("rows", "last_step", "ordinal", "duration")
FIELDS = frozenset([*TEXT_FIELDS, *TIME_FIELDS, *NUMBER_FIELDS, "tags", "archived"])
_ALIASES = {"tag": "tags", "runtime": "duration", "step": "last_step", "jobtype": "job_type"}
_CONTAINS = frozenset(["name", "id", "notes"])

# ------------------------------------------------------------------------------------------------- nodes


class Value(Struct, frozen=True):
    """What a column is compared with: as text, and as a number where it reads as one."""

    text: str
    number: float | None


class Words(Struct, frozen=True):
    """`text` occurs somewhere in the run's own texts."""

    text: str


class Matches(Struct, frozen=True):
    """A regular expression is found in a column, or (`field` None) in the run's own texts."""

    field: str | None
    pattern: str


class Compare(Struct, frozen=True):
    """A column compared with a value."""

    field: str
    operator: Operator
    value: Value


class Exactly(Struct, frozen=True):
    """A column compared with a JSON value of the same type: numbers with numbers, text by its characters.

    A list holds where one of its items does; None is what a run without the column has.
    """

    field: str
    operator: Operator
    value: bool | int | float | str | None


class Contains(Struct, frozen=True):
    """A column's text contains a text."""

    field: str
    text: str


class Exists(Struct, frozen=True):
    """A column has a value."""

    field: str


class Not(Struct, frozen=True):
    """The contrary."""

    node: Node


class All(Struct, frozen=True):
    """Every node holds; nothing to hold is true."""

    nodes: tuple[Node, ...]


class AnyOf(Struct, frozen=True):
    """At least one node holds."""

    nodes: tuple[Node, ...]


Node = Words | Matches | Compare | Exactly | Contains | Exists | Not | All | AnyOf


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


# ------------------------------------------------------------------------------------- the text's parser

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
            if colon and _is_field(field):
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
        return Value(token.text, None if token.kind == "string" else _number(token.text))


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


def field_name(key: str) -> str:
    """Return the column that a key of a filter or sort names."""
    lowered = key.lower()
    lowered = _ALIASES.get(lowered, lowered)
    return lowered if lowered in FIELDS else key


def _is_field(key: str) -> bool:
    return field_name(key) in FIELDS or key.startswith(
        ("config.", "summary.", "last.", "min.", "max.", "best.")
    )


def equal(field: str, value: Value) -> Node:
    """Return the node for equality; a date without a time equals its whole day."""
    if (
        field in TIME_FIELDS
        and value.number is not None
        and re.fullmatch(r"\d{4}-\d\d-\d\d", value.text)
    ):
        after = Value("", value.number + 86400)
        return All((Compare(field, ">=", value), Not(Compare(field, ">=", after))))
    return Compare(field, "=", value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


_LENGTHS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(min|[smhdw])?")


def read_length(text: str, position: int = 0) -> float:
    """Return the seconds of ``90``, ``90s``, ``5m``, ``2h``, ``1d`` or ``1w``."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        message = f"{text!r} at {position + 1} is no length of time: write 90s, 5m, 2h or 1d"
        raise FilterError(message, position, len(text))
    return float(found.group(1)) * _LENGTHS[found.group(2) or "s"]


def read_time(text: str, now: float, position: int = 0) -> float:
    """Return the epoch seconds of ``-7d``, a date, a date with a time (local without a zone), or a number."""
    if text.startswith("-"):
        return now - read_length(text[1:], position + 1)
    number = _number(text)
    if number is not None and np.isfinite(number) and number > 1e8:
        return number
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        message = (
            f"{text!r} at {position + 1} is no time: write -7d, 2026-11-01 or 2026-11-01T08:30"
        )
        raise FilterError(message, position, len(text)) from error


def check_regex(pattern: str, position: int = 0, length: int = 0) -> str:
    """Return a regular expression that is valid, short, and whose repeats cannot take for ever."""
    if len(pattern) > MAX_REGEX:
        raise FilterError(
            f"a regular expression has at most {MAX_REGEX} characters", position, length
        )
    try:
        re.compile(pattern, re.IGNORECASE)
        repeats = _count_repeats(re._parser.parse(pattern))  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterError(
            f"the regular expression /{pattern}/ cannot be read: {error}", position, length
        ) from error
    if repeats is None or repeats >= len(MAX_REGEX_TEXT):
        message = (
            f"the regular expression /{pattern}/ could take for ever: use at most three open repeats (*, +), "
            "each of a single character or class"
        )
        raise FilterError(message, position, length)
    return pattern


def _count_repeats(parsed: Any, inside: bool = False) -> int | None:
    """Return how many open repeats a parsed expression has; None when one is inside or around what makes it explode."""
    count = 0
    for code, argument in parsed:
        name = str(code)
        if "REPEAT" in name:
            _low, high, body = argument
            is_open = high is re._constants.MAXREPEAT or high > 16  # type: ignore[attr-defined]
            simple = len(body) == 1 and str(body[0][0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY")
            if inside or (is_open and not simple):
                return None
            nested = _count_repeats(body, inside=True)
            if nested is None or (nested and high > 1):
                return None
            count += nested + (1 if is_open else 0)
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"):
            return None
        else:
            for child in _children(name, argument):
                found = _count_repeats(child, inside)
                if found is None:
                    return None
                count += found
    return count


def _children(name: str, argument: Any) -> list[Any]:
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "ATOMIC_GROUP":
        return [argument]
    if name == "BRANCH":
        return list(argument[1])
    return []


# ------------------------------------------------------------------------------------ MongoDB-like filters

_FILTER_FIELDS = {
    "display_name": "name",
    "displayName": "name",
    "created_at": "created",
    "createdAt": "created",
    "updated_at": "updated",
    "heartbeat_at": "updated",
    "heartbeatAt": "updated",
    "jobType": "job_type",
    "run_id": "id",
}
_ORDER: Mapping[str, Operator] = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}


def compile_filters(filters: Any, now: float, depth: int = 0) -> Node:
    """Return the syntax tree of a MongoDB-like filter, as ``Api().runs(filters=)`` takes it.

    Known are $and, $or, $nor, $not, $eq, $ne, $lt, $lte, $gt, $gte, $in, $nin, $exists and $regex. Raises FilterError.
    """
    if depth > MAX_NESTING:
        raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
    if not isinstance(filters, dict):
        raise FilterError(f"a filter is a JSON object, not {json.dumps(filters)[:60]}")
    nodes: list[Node] = []
    for key, condition in filters.items():
        if key in ("$and", "$or", "$nor"):
            if not isinstance(condition, list):
                raise FilterError(f"{key} takes a list of filters")
            parts = tuple(compile_filters(part, now, depth + 1) for part in condition)
            nodes.append(
                All(parts) if key == "$and" else AnyOf(parts) if key == "$or" else Not(AnyOf(parts))
            )
        elif key == "$not":
            nodes.append(Not(compile_filters(condition, now, depth + 1)))
        elif key.startswith("$"):
            raise FilterError(f"the filter operator {key} is not known")
        elif key == "name":
            # In the wandb package "name" is the id and "display_name" the name; people mean either.
            nodes.append(
                AnyOf(
                    (
                        _condition("name", condition, now, depth),
                        _condition("id", condition, now, depth),
                    )
                )
            )
        else:
            nodes.append(_condition(_filter_field(key), condition, now, depth))
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes))


def _filter_field(key: str) -> str:
    if key.startswith("summary_metrics."):
        return "summary." + key.removeprefix("summary_metrics.")
    if key.startswith("config.") and key.endswith(".value"):
        return key.removesuffix(".value")
    return _FILTER_FIELDS.get(key) or field_name(key)


def _condition(field: str, condition: Any, now: float, depth: int) -> Node:
    if depth > MAX_NESTING:
        raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
    if not isinstance(condition, dict) or not any(str(key).startswith("$") for key in condition):
        return _json_equal(field, condition, now)
    nodes: list[Node] = []
    for sign, value in condition.items():
        if sign in _ORDER:
            nodes.append(Compare(field, _ORDER[sign], _json_value(field, value, now)))
        elif sign in ("$eq", "$ne"):
            found = _json_equal(field, value, now)
            nodes.append(found if sign == "$eq" else Not(found))
        elif sign in ("$in", "$nin"):
            if not isinstance(value, list):
                raise FilterError(f"{sign} takes a list of values")
            found = AnyOf(tuple(_json_equal(field, one, now) for one in value))
            nodes.append(found if sign == "$in" else Not(found))
        elif sign == "$exists":
            nodes.append(Exists(field) if value else Not(Exists(field)))
        elif sign == "$regex":
            nodes.append(Matches(field, check_regex(str(value))))
        elif sign == "$not":
            nodes.append(Not(_condition(field, value, now, depth + 1)))
        else:
            raise FilterError(f"the filter operator {sign} is not known")
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes))


def _json_equal(field: str, value: Any, now: float) -> Node:
    if value is None:
        return Not(Exists(field))
    return equal(field, _json_value(field, value, now))


def _json_value(field: str, value: Any, now: float) -> Value:
    if isinstance(value, bool):
        return Value("true" if value else "false", None)
    if isinstance(value, int | float):
        return Value(str(value), float(value))
    if not isinstance(value, str):
        raise FilterError(f"{field} cannot be compared with {json.dumps(value)[:60]}")
    return Value(value, read_time(value, now) if field in TIME_FIELDS else None)


# ---------------------------------------------------------------------------------------------- evaluation


class RunColumn(Protocol):
    """A column as `evaluate` sees it: arrays of equal length, one item for each run."""

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """MISSING, FLOAT, INTEGER, BOOL, TEXT or OTHER for each run."""
        ...

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The value where the kind is FLOAT, INTEGER or BOOL."""
        ...

    @property
    def others(self) -> Mapping[int, Any]:
        """The value, by run, where the kind is TEXT or OTHER (and integers above 2**53)."""
        ...


class RunTable(Protocol):
    """Runs as columns."""

    def __len__(self) -> int:
        """Number of runs."""
        ...

    def column(self, name: str) -> RunColumn | None:
        """Return a column, None when no run has it. A bare name is config.NAME, else summary.NAME."""
        ...

    def texts(self) -> Sequence[str]:
        """Return, for each run, the case-folded texts that plain words are looked for in."""
        ...


MISSING, FLOAT, INTEGER, BOOL, TEXT, OTHER = range(6)
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def named_fields(node: Node) -> Iterator[str]:
    """Yield the columns that a filter looks at."""
    match node:
        case All(nodes) | AnyOf(nodes):
            for part in nodes:
                yield from named_fields(part)
        case Not(part):
            yield from named_fields(part)
        case Exists(field) | Contains(field, _) | Compare(field, _, _) | Exactly(field, _, _):
            yield field
        case Matches(field, _):
            if field is not None:
                yield field
        case Words():
            pass


def evaluate(node: Node, table: RunTable) -> Mask:
    """Return which runs of `table` a filter keeps. Raises FilterError when its regular expressions take too long."""
    match node:
        case All(nodes):
            mask = np.ones(len(table), dtype=bool)
            for part in nodes:
                mask &= evaluate(part, table)
        case AnyOf(nodes):
            mask = np.zeros(len(table), dtype=bool)
            for part in nodes:
                mask |= evaluate(part, table)
        case Not(part):
            mask = ~evaluate(part, table)
        case Words(text):
            mask = np.fromiter((text in found for found in table.texts()), bool, len(table))
        case Exists(field):
            column = table.column(field)
            mask = np.zeros(len(table), dtype=bool) if column is None else column.kinds != MISSING
        case Matches(field, pattern):
            mask = _matches(table, field, pattern)
        case Contains(field, text):
            mask = _by_text(table.column(field), len(table), lambda found: text in found.casefold())
        case Compare(field, sign, value):
            mask = _compare(table.column(field), len(table), sign, value)
        case Exactly(field, sign, value):
            mask = _exactly(table.column(field), len(table), sign, value)
    return mask


def _exactly(column: RunColumn | None, n: int, sign: str, value: Any) -> Mask:
    if column is None:
        return np.full(n, value is None and sign in ("=", "<=", ">="))
    kinds, compare = column.kinds, _COMPARISONS[sign]
    if value is None:
        return (kinds == MISSING) & (sign in ("=", "<=", ">="))
    if isinstance(value, bool):
        mask = (kinds == BOOL) & compare(column.numbers, value)
    elif isinstance(value, int | float):
        with np.errstate(invalid="ignore"):
            mask = ((kinds == FLOAT) | (kinds == INTEGER)) & compare(column.numbers, _double(value))
    else:
        mask = np.zeros(n, dtype=bool)
    # Text, lists, and integers that float64 only has rounded.
    for i, found in column.others.items():
        items = found if isinstance(found, list | tuple) else (found,)
        mask[i] = any(_is_like(item, value) and compare(item, value) for item in items)
    return mask


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _is_like(item: Any, value: Any) -> bool:
    """Whether two JSON values are of one type, integers and other numbers being one."""
    number = int | float
    if isinstance(item, number) and isinstance(value, number):
        return isinstance(item, bool) == isinstance(value, bool)
    return isinstance(item, str) and isinstance(value, str)


def _compare(column: RunColumn | None, n: int, sign: str, value: Value) -> Mask:
    if column is None:
        return np.zeros(n, dtype=bool)
    compare = _COMPARISONS[sign]
    mask = np.zeros(n, dtype=bool)
    if value.number is not None:
        is_number = (column.kinds >= FLOAT) & (column.kinds <= BOOL)
        with np.errstate(invalid="ignore"):
            mask = is_number & compare(column.numbers, value.number)
        if sign == "=" and np.isnan(value.number):
            mask = is_number & np.isnan(column.numbers)
    wanted = value.text.casefold()
    if sign == "=" and wanted in ("true", "false"):
        mask |= (column.kinds == BOOL) & (column.numbers == (wanted == "true"))
    if value.number is None or sign == "=":
        mask |= _by_text(column, n, lambda found: compare(found.casefold(), wanted))
    return mask


def _by_text(column: RunColumn | None, n: int, holds: Callable[[str], bool]) -> Mask:
    """Return for which runs a test holds for the column's text, or for one of them where it is a list (tags)."""
    mask = np.zeros(n, dtype=bool)
    if column is None:
        return mask
    verdicts: dict[str, bool] = {}
    for i, found in column.others.items():
        for text in found if isinstance(found, list | tuple) else (found,):
            if isinstance(text, str):
                verdict = verdicts.get(text)
                if verdict is None:
                    verdict = verdicts[text] = holds(text)
                if verdict:
                    mask[i] = True
    return mask


def _matches(table: RunTable, field: str | None, pattern: str) -> Mask:
    search = re.compile(pattern, re.IGNORECASE).search
    length = MAX_REGEX_TEXT[_count_repeats(re._parser.parse(pattern)) or 0]  # type: ignore[attr-defined]
    # This thread's own time: a busy machine does not make an expression more dangerous.
    deadline = time.thread_time() + MAX_REGEX_SECONDS

    def holds(text: str) -> bool:
        if time.thread_time() > deadline:
            raise FilterError(
                f"the regular expression /{pattern}/ takes too long here; make it simpler"
            )
        return search(text[:length]) is not None

    if field is None:
        found = (any(holds(line) for line in text.split("\n")) for text in table.texts())
        return np.fromiter(found, bool, len(table))
    return _by_text(table.column(field), len(table), holds)

"""GraphQL documents: parsed, measured and validated once for each text.

A client has fewer than sixty texts, and sends each of them thousands of times. A text that anybody can write is
another matter: every limit here is met before the work that it bounds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)

from epochal.errors import UsageError

TEXT_LIMIT = 64 * 1024
TOKEN_LIMIT = 10_000
DEPTH_LIMIT = 15
FIELD_LIMIT = 300
"""The largest query of the clients has 72 fields, 11 levels and 3 aliases; the usual introspection has 227 and 15."""
ALIAS_LIMIT = 30
INTROSPECTION_LIMIT = 2
"""Lists of types and their fields that may stand inside each other: each multiplies the answer by some dozens."""
INTROSPECTION_LISTS = frozenset(["fields", "inputFields", "interfaces", "possibleTypes"])
ERRORS_SHOWN = 5
KEPT_DOCUMENTS = 256
KEPT_CHARACTERS = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Operation:
    """A document that may be executed: `name` is what errors call it."""

    document: DocumentNode
    name: str


class Refusal(UsageError):
    """A document that is not executed; the message begins with its operation's name, if it has one."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(f"{name}: {message}" if name else message)


class Documents:
    """The documents that were seen last, by text and operation name. Usable from any thread."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str | None], Operation | Refusal] = OrderedDict()
        self._characters = 0

    def find(self, text: str, operation_name: str | None) -> Operation:
        """Return what `text` asks for. Raises Refusal: not GraphQL, over a limit, or not in the schema."""
        if len(text) > TEXT_LIMIT:
            raise Refusal(
                f"a query of {len(text):,} characters is more than the {TEXT_LIMIT:,} that are read; "
                "send values as variables"
            )
        key = (text, operation_name)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is None:
            found = self._read(text, operation_name)
            self._keep(key, found)
        if isinstance(found, Refusal):
            raise Refusal(str(found))
        return found

    def _keep(self, key: tuple[str, str | None], found: Operation | Refusal) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = found
            self._characters += len(key[0])
            while len(self._kept) > KEPT_DOCUMENTS or self._characters > KEPT_CHARACTERS:
                (old, _name), _ = self._kept.popitem(last=False)
                self._characters -= len(old)

    def _read(self, text: str, operation_name: str | None) -> Operation | Refusal:
        try:
            document = parse(text, max_tokens=TOKEN_LIMIT)
        except GraphQLError as error:
            return Refusal(f"the query cannot be read: {error.message}")
        except RecursionError:
            return Refusal("the query is nested too deeply")
        try:
            operation = _operation_of(document, operation_name)
        except Refusal as refusal:
            return refusal
        name = "" if operation.name is None else operation.name.value
        excess = _excess(document, operation)
        if excess is not None:
            return Refusal(excess, name)
        errors = validate(self._schema, document, max_errors=ERRORS_SHOWN)
        if errors:
            # What else there is means nothing to whoever runs a client.
            said = [error.message.partition(" Did you mean ")[0] for error in errors]
            return Refusal("; ".join(said), name)
        return Operation(document, name or "the query")


def _operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None:
        operations = [o for o in operations if o.name is not None and o.name.value == name]
    if len(operations) == 1:
        if operations[0].operation is OperationType.SUBSCRIPTION:
            raise Refusal("there are no subscriptions here; ask again")
        return operations[0]
    if name is not None:
        raise Refusal(f"the query has no operation {name[:200]!r}")
    raise Refusal(f"the query has {len(operations)} operations; send one, or name it")


@dataclass(slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    lists: int = 0


def _excess(document: DocumentNode, operation: OperationDefinitionNode) -> str | None:
    """Return what is too much about `operation` with its fragments written out, None if nothing is."""
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }
    size = _measure(operation.selection_set, fragments, {})
    for what, found, limit in (
        ("levels", size.depth, DEPTH_LIMIT),
        ("fields", size.fields, FIELD_LIMIT),
        ("aliases", size.aliases, ALIAS_LIMIT),
        ("lists of the schema in each other", size.lists, INTROSPECTION_LIMIT),
    ):
        if found > limit:
            return f"the query has more than the {limit} {what} that are answered; ask for less at a time"
    return None


def _measure(
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    known: dict[str, _Size],
) -> _Size:
    total = _Size()
    for node in selections.selections:
        if isinstance(node, FieldNode):
            inner = _Size()
            if node.selection_set is not None:
                inner = _measure(node.selection_set, fragments, known)
            inner = _Size(
                inner.depth + 1,
                inner.fields + 1,
                inner.aliases + (node.alias is not None),
                inner.lists + (node.name.value in INTROSPECTION_LISTS),
            )
        elif isinstance(node, InlineFragmentNode):
            inner = _measure(node.selection_set, fragments, known)
        else:
            assert isinstance(node, FragmentSpreadNode)
            inner = _measure_fragment(node.name.value, fragments, known)
        total.depth = max(total.depth, inner.depth)
        total.fields += inner.fields
        total.aliases += inner.aliases
        total.lists = max(total.lists, inner.lists)
    return total


def _measure_fragment(
    name: str, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, _Size]
) -> _Size:
    """Measure each fragment once; in one that contains itself, which validation refuses, that spread counts nothing."""
    if name not in known and name in fragments:
        known[name] = _Size()
        known[name] = _measure(fragments[name].selection_set, fragments, known)
    return known.get(name, _Size())

"""A computation graph as every graph format is read into: nodes with a path, edges between them.

What the page draws (docs/reference/http.md, ``GET /api/v1/graphs``). The parts of a node's `id` before the last "/" are
the groups that it is in. Everything is bounded, so that no file can make an answer that nothing can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_NODES = 50_000
MAX_EDGES = 200_000
MAX_TEXT = 2_000
MAX_ATTRIBUTES = 100
MAX_LISTED = 64
"""How many numbers of a list an attribute shows."""


@dataclass(slots=True)
class Node:
    """One operation, layer, input or output."""

    id: str
    op: str
    device: str = ""
    shapes: list[str] = field(default_factory=list)
    """What each output is, such as ``float32 [1, 10]``."""
    attributes: dict[str, str] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    """Weights that only this node reads, such as ``fc.weight float32 [10, 128]``."""
    flops: int = 0
    """Floating point operations, where they are known (`graph_cost`)."""

    def set(self, name: str, value: str) -> None:
        """Add an attribute, cut to what a page shows."""
        if len(self.attributes) < MAX_ATTRIBUTES:
            self.attributes[cut(name, 200)] = cut(value)


@dataclass(slots=True)
class NodeStatistics:
    """What a node took in one step, all its executions together."""

    time_us: int = 0
    memory_bytes: int = 0
    device: str = ""


@dataclass(slots=True)
class Graph:
    """Nodes in the order of the file, edges as (from, to, output of from, is control) by index of nodes."""

    format: str
    title: str = ""
    producer: str = ""
    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[int, int, int, bool]] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    """What some groups are, by their path: the class of a module."""
    statistics: dict[str, NodeStatistics] = field(default_factory=dict)
    """What nodes took when the graph was run, by the name that they have there."""
    devices: list[str] = field(default_factory=list)
    """Where it was run, as far as that was recorded."""
    left_out: int = 0
    """How many nodes and edges the file has beyond the limits."""

    def add(self, node: Node) -> int | None:
        """Add a node and return its index; None, and it is counted, when there are too many."""
        if len(self.nodes) >= MAX_NODES:
            self.left_out += 1
            return None
        node.id = cut(node.id)
        node.op = cut(node.op, 200)
        self.nodes.append(node)
        return len(self.nodes) - 1

    def connect(self, source: int, target: int, output: int = 0, is_control: bool = False) -> None:
        """Add an edge, unless there are too many."""
        if len(self.edges) >= MAX_EDGES:
            self.left_out += 1
            return
        self.edges.append((source, target, output, is_control))

    def to_json(self) -> dict[str, Any]:
        """Return the graph as the page reads it; empty members of nodes are left out."""
        return {
            "format": self.format,
            "title": self.title,
            "producer": self.producer,
            "nodes": [_node_json(node) for node in self.nodes],
            "edges": [[a, b, output, int(control)] for a, b, output, control in self.edges],
            "groups": self.groups,
            "statistics": {name: asdict(one) for name, one in self.statistics.items()},
            "devices": self.devices,
            "left_out": self.left_out,
        }


def settle_names(graph: Graph) -> None:
    """Make the ids of nodes unique, and none of them the name of a group.

    A node ``dense`` beside a node ``dense/kernel`` becomes ``dense/(dense)``, as TensorBoard names it; a second node of
    one name gets a number.
    """
    groups = {path for node in graph.nodes for path in paths_above(node.id)}
    taken: set[str] = set()
    for node in graph.nodes:
        name = node.id.strip("/") or "(unnamed)"
        if name in groups:
            name = f"{name}/({name.rpartition('/')[2]})"
        number, unique = 2, name
        while unique in taken:
            unique = f"{name} ({number})"
            number += 1
        taken.add(unique)
        node.id = unique


def paths_above(path: str) -> Iterator[str]:
    """Yield the groups that a node is in, outermost first."""
    path = path.strip("/")
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text, cut off with … beyond `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def tensor_text(kind: str, dimensions: list[str] | None) -> str:
    """Return what a tensor is in words: ``float32 [1, 10]``; of None dimensions ``float32 of unknown shape``."""
    if dimensions is None:
        return f"{kind} of unknown shape"
    return f"{kind} [{', '.join(dimensions)}]"


def list_text(values: list[Any]) -> str:
    """Return a list of numbers or texts as an attribute shows it."""
    shown = ", ".join(_number_text(value) for value in values[:MAX_LISTED])
    more = f", … {len(values) - MAX_LISTED} more" if len(values) > MAX_LISTED else ""
    return f"[{shown}{more}]"


def _number_text(value: Any) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _node_json(node: Node) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": node.id, "op": node.op}
    for name in ("device", "shapes", "attributes", "parameters", "flops"):
        if value := getattr(node, name):
            shown[name] = value
    return shown

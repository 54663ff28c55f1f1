"""How much a node computes, where its graph tells enough: products of matrices, and convolutions.

A multiplication and an addition count as two operations, as is usual for FLOPs. What a batch has by is counted once
where its size is unknown, so the figure is then that of one example. Shapes come as the graph model has them, as text.
"""

from __future__ import annotations

import math
import re

from epochal.formats.graph_model import Graph, Node

Shape = list[int | None]
"""Sizes of dimensions; None: unknown."""

PRODUCTS = frozenset(
    (
        *("aten::linear", "aten::addmm", "aten::mm", "aten::matmul", "aten::bmm"),
        *("MatMul", "BatchMatMul", "BatchMatMulV2", "Gemm"),
    )
)
CONVOLUTIONS = frozenset(("Conv", "aten::_convolution", "aten::convolution", "aten::conv2d"))
"""Weights [outputs, inputs / groups, kernel ...] (torch and ONNX)."""
CONVOLUTIONS_OF_TENSORFLOW = frozenset(("Conv2D", "Conv3D"))
"""Weights [kernel ..., inputs, outputs]."""
_SHAPE = re.compile(r"\[([^\[\]]*)\]$")


def add_costs(graph: Graph) -> None:
    """Set `flops` of every node whose own shapes and those that it reads tell it."""
    inputs: list[list[int]] = [[] for _ in graph.nodes]
    for source, target, _output, is_control in graph.edges:
        if not is_control:
            inputs[target].append(source)
    for node, sources in zip(graph.nodes, inputs, strict=True):
        if node.op in PRODUCTS:
            inner = _inner_size(graph, node, sources)
        elif node.op in CONVOLUTIONS or node.op in CONVOLUTIONS_OF_TENSORFLOW:
            inner = _kernel_size(graph, node, sources)
        else:
            continue
        count = _count(_shape_of(node))
        if inner is not None and count is not None:
            node.flops = 2 * count * inner


def _inner_size(graph: Graph, node: Node, sources: list[int]) -> int | None:
    """Return over how many products each element of the result is a sum."""
    result = _shape_of(node)
    for shape in _weights(node):
        size = _count(shape)
        if len(shape) == 2 and size and result and result[-1]:
            return size // result[-1]
    for source in sources:
        shape = _shape_of(graph.nodes[source])
        if shape is not None and len(shape) > 1:
            return shape[-2] if node.attributes.get("transpose_a") == "true" else shape[-1]
    return None


def _kernel_size(graph: Graph, node: Node, sources: list[int]) -> int | None:
    weights = [*_weights(node), *(_shape_of(graph.nodes[source]) for source in sources[1:2])]
    for shape in weights:
        if shape is not None and len(shape) > 2:
            of_one = shape[:-1] if node.op in CONVOLUTIONS_OF_TENSORFLOW else shape[1:]
            return None if None in of_one else _count(of_one)
    return None


def _weights(node: Node) -> list[Shape]:
    return [shape for text in node.parameters if (shape := _read_shape(text)) is not None]


def _shape_of(node: Node) -> Shape | None:
    """Return what a node gives: its first output, or what a constant or a placeholder of TensorFlow holds."""
    for text in (*node.shapes[:1], node.attributes.get("value"), node.attributes.get("shape")):
        if text is not None and (shape := _read_shape(text)) is not None:
            return shape
    return None


def _read_shape(text: str) -> Shape | None:
    found = _SHAPE.search(text)
    if found is None:
        return None
    parts = [part.strip() for part in found[1].split(",")] if found[1].strip() else []
    return [int(part) if part.isdecimal() and len(part) < 16 else None for part in parts]


def _count(shape: Shape | None) -> int | None:
    """Return how many elements there are; the first dimension counts once where its size is unknown."""
    if shape is None or None in shape[1:]:
        return None
    return math.prod(size for size in shape if size is not None)

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
_ARGUMENTS = {
    "aten::_convolution": (
        *("input", "weight", "bias", "stride", "padding", "dilation"),
        *("transposed", "output_padding", "groups"),
    ),
    "aten::conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
}
_ARGUMENTS["aten::convolution"] = _ARGUMENTS["aten::_convolution"]
"""What the inputs of an operation are, in their order (native_functions.yaml of torch 2.13)."""
_VALUE = re.compile(r"\bvalue\s*:\s*(-?\d{1,9})\b")
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
        if inner is None and node.op in CONVOLUTIONS:
            node.flops = _convolution_from_sizes(graph, node, sources, inputs)
        elif inner is not None and count is not None:
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


def _convolution_from_sizes(
    graph: Graph, node: Node, sources: list[int], inputs: list[list[int]]
) -> int:
    """Return the cost of a convolution of torch whose weight has no shape, 0 where several kernels would do.

    In graphs that torch traces, a weight has none. Its kernel follows from the sizes before and after (the formulas of
    torch.nn.Conv2d and ConvTranspose2d): always for a stride of 1 and for a transposed one, else mostly not.
    """
    names = _ARGUMENTS.get(node.op)
    if names is None or len(sources) < len(names):
        return 0
    said = dict(zip(names, sources, strict=False))
    before, after = _shape_of(graph.nodes[said["input"]]), _shape_of(node)
    if before is None or after is None or len(before) != len(after) or len(after) < 3:
        return 0
    if None in before[1:] or None in after[1:]:
        return 0
    around = [size or 0 for size in before[2:]]
    left = [size or 0 for size in after[2:]]
    lists = {
        name: _numbers(graph, inputs, said[name], len(left))
        for name in ("stride", "padding", "dilation")
    }
    groups = _number(graph, said["groups"])
    is_transposed = "transposed" in said and _number(graph, said["transposed"]) == 1
    more = (
        _numbers(graph, inputs, said["output_padding"], len(left))
        if is_transposed
        else [0] * len(left)
    )
    if not groups or more is None or any(each is None for each in lists.values()):
        return 0
    kernel = 1
    for i, (size, result) in enumerate(zip(around, left, strict=True)):
        stride, padding, dilation = (each[i] for each in lists.values() if each is not None)
        if stride < 1 or dilation < 1:
            return 0
        if is_transposed:
            reach = [result - 1 - more[i] + 2 * padding - (size - 1) * stride]
        else:
            last = size + 2 * padding - 1 - stride * (result - 1)
            reach = range(max(0, last - stride + 1), last + 1)
        found = [1 + each // dilation for each in reach if each >= 0 and each % dilation == 0]
        if len(found) != 1:
            return 0
        kernel *= found[0]
    channels = (after[1] if is_transposed else before[1]) or 0
    counted = _count(before if is_transposed else after) or 0
    return 2 * counted * (channels // groups) * kernel


def _number(graph: Graph, place: int) -> int | None:
    """Return what a constant of torch's graphs holds: the text of its attributes is `{ value : 1}`."""
    for text in graph.nodes[place].attributes.values():
        if (found := _VALUE.search(text)) is not None:
            return int(found[1])
    return None


def _numbers(graph: Graph, inputs: list[list[int]], place: int, n: int) -> list[int] | None:
    """Return the n numbers of a list of constants; one stands for all."""
    found = [_number(graph, each) for each in inputs[place]]
    known = [each for each in found if each is not None]
    if len(known) != len(found) or len(known) not in (1, n):
        return None
    return known * n if len(known) == 1 else known


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

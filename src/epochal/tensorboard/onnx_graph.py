"""The graph of an ONNX file as a GraphDef, named as torch names it; without the onnx package.

Sources: onnx 1.19, onnx/onnx.proto3 (field numbers), and torch 2.13.0, torch/utils/tensorboard/_onnx_graph.py (a node
is called after its first output; inputs and outputs of the graph are Variables).
"""

from __future__ import annotations

import os
from typing import Any

from epochal.tensorboard.protos import AttrValue, GraphDef, NodeDef, VersionDef, shape_of
from epochal.tensorboard.wire import Field, Message

PRODUCER = 22


class Attribute(Message):
    """AttributeProto, but for graphs and sparse tensors inside it."""

    FIELDS = (
        Field(1, "name", "string"),
        Field(2, "f", "float"),
        Field(3, "i", "int64"),
        Field(4, "s", "bytes"),
        Field(7, "floats", "float", repeated=True),
        Field(8, "ints", "int64", repeated=True),
        Field(9, "strings", "bytes", repeated=True),
        Field(20, "type", "enum"),
    )


class Node(Message):
    """NodeProto."""

    FIELDS = (
        Field(1, "input", "string", repeated=True),
        Field(2, "output", "string", repeated=True),
        Field(3, "name", "string"),
        Field(4, "op_type", "string"),
        Field(5, "attribute", Attribute, repeated=True),
    )


class Dimension(Message):
    """TensorShapeProto.Dimension; the size of a named one is 0."""

    FIELDS = (Field(1, "dim_value", "int64"), Field(2, "dim_param", "string"))


class Shape(Message):
    """TensorShapeProto."""

    FIELDS = (Field(1, "dim", Dimension, repeated=True),)


class TensorType(Message):
    """TypeProto.Tensor."""

    FIELDS = (Field(1, "elem_type", "enum"), Field(2, "shape", Shape))


class Type(Message):
    """TypeProto."""

    FIELDS = (Field(1, "tensor_type", TensorType),)


class ValueInfo(Message):
    """ValueInfoProto."""

    FIELDS = (Field(1, "name", "string"), Field(2, "type", Type))


class Graph(Message):
    """GraphProto without its weights."""

    FIELDS = (
        Field(1, "node", Node, repeated=True),
        Field(2, "name", "string"),
        Field(11, "input", ValueInfo, repeated=True),
        Field(12, "output", ValueInfo, repeated=True),
    )


class Model(Message):
    """ModelProto."""

    FIELDS = (Field(1, "ir_version", "int64"), Field(7, "graph", Graph))


def load_onnx_graph(path: str | os.PathLike[str]) -> GraphDef:
    """Return the graph of an ONNX file. Raises OSError when it cannot be read, ValueError when it is no ONNX model."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        model = Model.FromString(data)
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{os.fspath(path)} is no ONNX model: {error}") from error
    if not model.HasField("graph"):
        raise ValueError(f"{os.fspath(path)} is no ONNX model: it has no graph")
    return to_graph(model.graph)


def to_graph(graph: Any) -> GraphDef:
    """Return an ONNX graph as a GraphDef."""
    nodes = [_variable(value) for value in (*graph.input, *graph.output)]
    nodes += [_operation(node) for node in graph.node]
    return GraphDef(node=nodes, versions=VersionDef(producer=PRODUCER))


def _variable(value: Any) -> NodeDef:
    tensor = value.type.tensor_type
    attributes = {
        "dtype": AttrValue(type=tensor.elem_type),
        "shape": AttrValue(shape=shape_of([dim.dim_value for dim in tensor.shape.dim])),
    }
    return NodeDef(name=value.name, op="Variable", attr=attributes)


def _operation(node: Any) -> NodeDef:
    """Return a node of the graph, its attributes as one text: name = value = type, as torch writes them."""
    parameters = ", ".join(
        " = ".join(str(value) for _field, value in attribute.ListFields())
        for attribute in node.attribute
    )
    name = node.output[0] if node.output else node.name
    attributes = {"parameters": AttrValue(s=parameters.encode("utf-8", "replace"))}
    return NodeDef(name=name, op=node.op_type, input=list(node.input), attr=attributes)

"""ONNX models, read into a graph.

Source: onnx/onnx.proto of ONNX 1.23 (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto);
field numbers stand at their use. Weights are not copied: they are named at the node that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from epochal.errors import CorruptBlock
from epochal.formats.graph_model import Graph, Node, list_text, settle_names, tensor_text
from epochal.formats.protowire import (
    Value,
    bytes_of,
    floats_of,
    int_of,
    ints_of,
    read_fields,
    text_of,
)

TYPES = (
    "undefined",
    "float32",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "string",
    "bool",
    "float16",
    "float64",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bfloat16",
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "uint4",
    "int4",
    "float4e2m1",
    "float8e8m0",
)
"""TensorProto.DataType by number."""

MAX_DEPTH = 16
"""How deep bodies of If, Loop and Scan may lie in each other."""
MAX_SCOPES = 64
"""How many modules the path of a node names: paths cost the square of it."""

NAMESPACE = "namespace"
"""The key under which torch.onnx (dynamo) says in which modules a node is: ``name: class/name: class/op: aten``."""


@dataclass(slots=True)
class _Scope:
    """What the names in one graph mean; a body sees the names of the graphs around it."""

    sources: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Node and output that a value comes from."""
    weights: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    outer: _Scope | None = None

    def source(self, name: str) -> tuple[int, int] | None:
        return self.sources.get(name) or (self.outer.source(name) if self.outer else None)

    def weight(self, name: str) -> str | None:
        return self.weights.get(name) or (self.outer.weight(name) if self.outer else None)


def read_onnx(data: bytes) -> Graph:
    """Return the graph of a ModelProto. Raises CorruptBlock when the bytes are none, or hold no graph.

    Its fields: 2 producer_name, 3 producer_version, 7 graph, 8 opset_import {1 domain, 2 version}.
    """
    graph = Graph("onnx")
    producer, version, operators = "", "", []
    body: memoryview | None = None
    for number, _wire, value in read_fields(memoryview(data)):
        if number == 2:
            producer = text_of(value)
        elif number == 3:
            version = text_of(value)
        elif number == 7:
            body = bytes_of(value)
        elif number == 8:
            entry = {n: v for n, _w, v in read_fields(bytes_of(value))}
            domain = text_of(entry[1]) if 1 in entry else ""
            operators.append(f"{domain or 'ai.onnx'} {int_of(entry.get(2, 0))}")
    if body is None:
        raise CorruptBlock("the bytes hold no ONNX graph")
    graph.producer = ", ".join(filter(None, [f"{producer} {version}".strip(), *operators]))
    _read_graph(graph, body, _Scope(), "", 0)
    settle_names(graph)
    return graph


def _read_graph(graph: Graph, data: memoryview, scope: _Scope, prefix: str, depth: int) -> None:
    """Add a GraphProto: 1 node, 2 name, 5 initializer, 11 input, 12 output, 13 value_info, 15 sparse_initializer."""
    nodes: list[memoryview] = []
    inputs: list[str] = []
    outputs: list[str] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            nodes.append(bytes_of(value))
        elif number == 2 and depth == 0:
            graph.title = text_of(value)
        elif number == 5:
            name, text = _tensor(bytes_of(value))
            scope.weights[name] = text
        elif number in (11, 12, 13):
            name, text = _value_info(bytes_of(value))
            scope.types[name] = text
            if number != 13:
                (inputs if number == 11 else outputs).append(name)
        elif number == 15:  # SparseTensorProto: 1 values
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    name, text = _tensor(bytes_of(v))
                    scope.weights[name] = f"{text}, sparse"
    for name in inputs:
        if name not in scope.weights:  # ONNX before IR 4 lists its weights among the inputs
            index = graph.add(Node(prefix + _plain(name), "Input", shapes=_known(scope, name)))
            if index is not None:
                scope.sources[name] = (index, 0)
    for node in nodes:
        _read_node(graph, node, scope, prefix, depth)
    for name in outputs:
        shapes = _known(scope, name)
        index = graph.add(Node(f"{prefix}{_plain(name)} (output)", "Output", shapes=shapes))
        source = scope.source(name)
        if index is not None and source is not None:
            graph.connect(source[0], index, source[1])


def _known(scope: _Scope, name: str) -> list[str]:
    return [scope.types[name]] if scope.types.get(name) else []


def _plain(name: str) -> str:
    """Return the name of an input or output as one part of a path."""
    return name.strip("/").replace("/", "∕")


def _read_node(graph: Graph, data: memoryview, scope: _Scope, prefix: str, depth: int) -> None:
    """Add a NodeProto: 1 input, 2 output, 3 name, 4 op_type, 5 attribute, 6 doc_string, 7 domain, 9 metadata_props."""
    node = Node("", "")
    name, domain, namespace = "", "", ""
    inputs: list[str] = []
    outputs: list[str] = []
    bodies: list[tuple[str, memoryview]] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            inputs.append(text_of(value))
        elif number == 2:
            outputs.append(text_of(value))
        elif number == 3:
            name = text_of(value)
        elif number == 4:
            node.op = text_of(value)
        elif number == 5:
            bodies += _read_attribute(node, bytes_of(value))
        elif number == 6:
            node.set("documentation", text_of(value))
        elif number == 7:
            domain = text_of(value)
        elif number == 9:
            entry = {n: text_of(v) for n, _w, v in read_fields(bytes_of(value))}
            if entry.get(1) == NAMESPACE:
                namespace = entry.get(2, "")
    if domain not in ("", "ai.onnx"):
        node.set("domain", domain)
    label = name or (outputs[0] if outputs else node.op)
    node.id = prefix + (_scoped(graph, namespace, label) if namespace else label.strip("/"))
    node.shapes = [scope.types.get(output, "") for output in outputs]
    if not any(node.shapes):
        node.shapes = []
    index = graph.add(node)
    if index is None:
        return
    for output, value_name in enumerate(outputs):
        if value_name:
            scope.sources[value_name] = (index, output)
    for value_name in inputs:
        source = scope.source(value_name)
        if source is not None:
            graph.connect(source[0], index, source[1])
        elif (weight := scope.weight(value_name)) is not None:
            node.parameters.append(f"{value_name} {weight}")
    for attribute, body in bodies:
        inner = f"{node.id}/{attribute}/"
        if depth < MAX_DEPTH:
            _read_graph(graph, body, _Scope(outer=scope), inner, depth + 1)
        else:
            node.set(attribute, "a graph that lies too deep to be shown")


def _scoped(graph: Graph, namespace: str, label: str) -> str:
    """Return the path of a node by the modules that torch says it is in, and note their classes."""
    parts = namespace.split("/")[:-1][:MAX_SCOPES]  # the last is the operator itself
    path, above = "", ""
    for part in parts:
        name, _, kind = part.partition(": ")
        if not name.strip():  # the model itself
            continue
        # `features.0` in `features` is called `0` there
        short = name[len(above) + 1 :] if above and name.startswith(f"{above}.") else name
        path = f"{path}/{short}" if path else short
        above = name
        graph.groups[path] = kind
    return f"{path}/{label}" if path else label


def _read_attribute(node: Node, data: memoryview) -> list[tuple[str, memoryview]]:
    """Add an AttributeProto to a node; return the graphs in it.

    Its fields: 1 name, 2 f, 3 i, 4 s, 5 t, 6 g, 7 floats, 8 ints, 9 strings, 10 tensors, 11 graphs.
    """
    name = ""
    many: list[object] = []
    is_list = False
    text = ""
    bodies: list[memoryview] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            name = text_of(value)
        elif number in (2, 3, 4, 5):
            text = _single(number, value)
        elif number in (6, 11):
            bodies.append(bytes_of(value))
        elif number in (7, 8, 9, 10):
            is_list = True
            many += _repeated(number, value)
    if is_list:
        text = list_text(many)
    if text or not bodies:
        node.set(name, text)
    if len(bodies) == 1:
        return [(name, bodies[0])]
    return [(f"{name} {place}", body) for place, body in enumerate(bodies)]


def _single(number: int, value: Value) -> str:
    if number == 2:
        return f"{floats_of(value)[0]:.7g}" if len(bytes_of(value)) == 4 else ""
    if number == 3:
        return str(int_of(value))
    return text_of(value) if number == 4 else _tensor(bytes_of(value))[1]


def _repeated(number: int, value: Value) -> list[object]:
    if number == 7:
        return [*floats_of(value)]
    if number == 8:
        return [*ints_of(value)]
    return [text_of(value) if number == 9 else _tensor(bytes_of(value))[1]]


def _tensor(data: memoryview) -> tuple[str, str]:
    """Return name and kind of a TensorProto: 1 dims, 2 data_type, 8 name."""
    name, kind = "", 0
    dimensions: list[str] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            dimensions += [str(size) for size in ints_of(value)]
        elif number == 2:
            kind = int_of(value)
        elif number == 8:
            name = text_of(value)
    return name, tensor_text(_type_name(kind), dimensions)


def _value_info(data: memoryview) -> tuple[str, str]:
    """Return name and type of a ValueInfoProto: 1 name, 2 type {1 tensor_type {1 elem_type, 2 shape}}."""
    name, text = "", ""
    for number, _wire, value in read_fields(data):
        if number == 1:
            name = text_of(value)
        elif number == 2:
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    text = _tensor_type(bytes_of(v))
                elif n in (4, 5, 8, 9):
                    text = {4: "a sequence", 5: "a map", 8: "a sparse tensor", 9: "an optional"}[n]
    return name, text


def _tensor_type(data: memoryview) -> str:
    kind = 0
    dimensions: list[str] | None = None
    for number, _wire, value in read_fields(data):
        if number == 1:
            kind = int_of(value)
        elif number == 2:  # TensorShapeProto: 1 dim {1 dim_value, 2 dim_param}
            dimensions = []
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    size = "?"
                    for m, _x, item in read_fields(bytes_of(v)):
                        size = str(int_of(item)) if m == 1 else text_of(item) if m == 2 else size
                    dimensions.append(size)
    return tensor_text(_type_name(kind), dimensions)


def _type_name(number: int) -> str:
    return TYPES[number] if 0 <= number < len(TYPES) else f"type {number}"

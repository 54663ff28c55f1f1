"""TensorFlow's GraphDef, which torch's add_graph writes too, read into a graph.

Source: graph, node_def, attr_value, function, op_def, tensor, tensor_shape, types and step_stats.proto of
TensorFlow 2 in tensorflow/core/framework, and RunMetadata in core/protobuf/config.proto; field numbers stand at
their use.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from epochal.errors import CorruptBlock
from epochal.formats.graph_model import (
    MAX_LISTED,
    MAX_NODES,
    Graph,
    Node,
    NodeStatistics,
    cut,
    list_text,
    settle_names,
    tensor_text,
)
from epochal.formats.protowire import (
    Value,
    bytes_of,
    floats_of,
    int_of,
    ints_of,
    read_fields,
    text_of,
)

# types.proto; + 100 is the "ref" kind of the same type
TYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
}
OUTPUT_SHAPES = "_output_shapes"
"""The attribute in which torch and TensorFlow say what a node's outputs are."""

MAX_FUNCTIONS = 1_000


@dataclass(slots=True)
class _Read:
    """One NodeDef before its inputs can be resolved."""

    node: Node
    inputs: list[str] = field(default_factory=list)


def read_graphdef(data: bytes) -> Graph:
    """Return the graph of a GraphDef; the functions of its library are groups of their own.

    Raises CorruptBlock when the bytes are none.
    """
    graph = Graph("graphdef")
    _read_into(graph, memoryview(data))
    return _settled(graph)


def read_profile(data: bytes) -> Graph:
    """Return the graph inside a RunMetadata, and the times and the memory that its nodes took.

    TensorFlow 2 keeps the graphs of traced functions there (RunMetadata.function_graphs, before optimisation); a
    RunMetadata that holds timings only, such as torch's, gives a graph without nodes. Raises CorruptBlock.
    """
    graph = Graph("profile")
    partitions: list[memoryview] = []
    for number, _wire, value in read_fields(memoryview(data)):
        if number == 1:  # step_stats
            _read_statistics(graph, bytes_of(value))
        elif number == 3:  # partition_graphs
            partitions.append(bytes_of(value))
        elif number == 4:  # function_graphs
            parts = {n: bytes_of(v) for n, _w, v in read_fields(bytes_of(value))}
            # 2 before and 3 after optimisation, 1 one of its partitions
            chosen = parts.get(2) or parts.get(3) or parts.get(1)
            if chosen is not None:
                _read_into(graph, chosen)
    if not graph.nodes:
        for partition in partitions:
            _read_into(graph, partition)
    return _settled(graph)


def _settled(graph: Graph) -> Graph:
    settle_names(graph)
    return graph


def _read_into(graph: Graph, data: memoryview) -> None:
    """Add a GraphDef to a graph. Its fields: 1 node, 2 library, 4 versions."""
    read: list[_Read] = []
    library: list[memoryview] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            read.append(_read_node(bytes_of(value)))
        elif number == 2:
            library += [bytes_of(v) for n, _w, v in read_fields(bytes_of(value)) if n == 1]
        elif number == 4:
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    graph.producer = f"GraphDef version {int_of(v)}"
    _join(graph, read)
    for function in library[:MAX_FUNCTIONS]:
        _read_function(graph, function)
    graph.left_out += max(0, len(library) - MAX_FUNCTIONS)


def _join(graph: Graph, read: list[_Read], prefix: str = "") -> None:
    """Add nodes, and the edges between them; an input that names nothing is left out."""
    places: dict[str, int] = {}
    for one in read:
        name = one.node.id
        one.node.id = prefix + name
        index = graph.add(one.node)
        if index is not None:
            places.setdefault(name, index)
    for one in read:
        target = places.get(one.node.id[len(prefix) :])
        if target is None or graph.nodes[target] is not one.node:
            continue
        for text in one.inputs:
            name, output, is_control = _input(text)
            source = places.get(name)
            if source is not None:
                graph.connect(source, target, output, is_control)


def _input(text: str) -> tuple[str, int, bool]:
    """Return name, output and whether it is a control edge: ``x``, ``x:1``, ``^x``, and in functions ``x:out:1``."""
    if text.startswith("^"):
        return text[1:], 0, True
    name, *parts = text.split(":")
    output = parts[-1] if parts else ""
    return name, int(output) if output.isdecimal() and len(output) < 6 else 0, False


def _read_function(graph: Graph, data: memoryview) -> None:
    """Add a FunctionDef (1 signature, 3 node_def, 4 ret) as a group; its arguments are nodes."""
    name = ""
    read: list[_Read] = []
    returns: list[tuple[str, str]] = []
    results: list[str] = []
    for number, _wire, value in read_fields(data):
        if number == 1:  # OpDef: 1 name, 2 input_arg, 3 output_arg
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    name = text_of(v)
                elif n == 2:
                    read.append(_Read(Node(_argument_name(bytes_of(v)), "Argument")))
                elif n == 3:
                    results.append(_argument_name(bytes_of(v)))
        elif number == 3:
            read.append(_read_node(bytes_of(value)))
        elif number == 4:
            entry = {n: v for n, _w, v in read_fields(bytes_of(value))}
            if 1 in entry and 2 in entry:
                returns.append((text_of(entry[1]), text_of(entry[2])))
    sources = dict(returns)
    taken = {one.node.id for one in read}
    for result in results:
        label = result if result not in taken else f"{result} (result)"
        read.append(_Read(Node(label, "Result"), [sources[result]] if result in sources else []))
    graph.groups[name] = "function"
    _join(graph, read, f"{name}/")


def _argument_name(data: memoryview) -> str:
    return next((text_of(value) for number, _wire, value in read_fields(data) if number == 1), "")


def _read_node(data: memoryview) -> _Read:
    """Return a NodeDef: 1 name, 2 op, 3 input, 4 device, 5 attr."""
    node = Node("", "")
    inputs: list[str] = []
    kind = ""
    shapes: list[list[str] | None] = []
    for number, _wire, value in read_fields(data):
        if number == 1:
            node.id = text_of(value)
        elif number == 2:
            node.op = text_of(value)
        elif number == 3:
            inputs.append(text_of(value))
        elif number == 4:
            node.device = text_of(value)
        elif number == 5:
            entry = {n: v for n, _w, v in read_fields(bytes_of(value))}
            name = text_of(entry[1]) if 1 in entry else ""
            attribute = bytes_of(entry.get(2, memoryview(b"")))
            if name == OUTPUT_SHAPES:
                shapes = _shapes(attribute)
            else:
                text = _attribute_text(attribute)
                node.set(name, text)
                if name in ("T", "dtype") and text in TYPES.values():
                    kind = text
    node.shapes = [tensor_text(kind, shape).strip() for shape in shapes]
    return _Read(node, inputs)


def _shapes(attribute: memoryview) -> list[list[str] | None]:
    """Return the shapes in an AttrValue: a list (1) of shapes (7), or one shape (7)."""
    found: list[list[str] | None] = []
    for number, _wire, value in read_fields(attribute):
        if number == 7:
            found.append(_shape(bytes_of(value)))
        elif number == 1:
            found += [_shape(bytes_of(v)) for n, _w, v in read_fields(bytes_of(value)) if n == 7]
    return found


def _shape(data: memoryview) -> list[str] | None:
    """Return a TensorShapeProto (2 dim {1 size}, 3 unknown_rank): -1 as ``?``, None of unknown rank."""
    dimensions: list[str] = []
    for number, _wire, value in read_fields(data):
        if number == 3 and value:
            return None
        if number == 2:
            size = 0
            for n, _w, v in read_fields(bytes_of(value)):
                if n == 1:
                    size = int_of(v)
            dimensions.append("?" if size < 0 else str(size))
    return dimensions


def _attribute_text(attribute: memoryview) -> str:
    """Return an AttrValue in words."""
    for number, _wire, value in read_fields(attribute):
        if number == 1:
            return _list_text(bytes_of(value))
        return _value_text(number, value)
    return ""


def _list_text(data: memoryview) -> str:
    """Return an AttrValue.ListValue, whose fields have the numbers of the single ones (and 9 func)."""
    values: list[object] = []
    for number, _wire, value in read_fields(data):
        if number == 3:
            values += ints_of(value)
        elif number == 4:
            values += floats_of(value)
        elif number == 5:
            values += [_bool_text(item) for item in ints_of(value)]
        elif number == 6:
            values += [_type_name(item) for item in ints_of(value)]
        else:
            values.append(_value_text(10 if number == 9 else number, value))
    return list_text(values)


def _value_text(number: int, value: Value) -> str:
    """Return a value by its field: 2 s, 3 i, 4 f, 5 b, 6 type, 7 shape, 8 tensor, 9 placeholder, 10 func."""
    if number == 3:
        return str(int_of(value))
    if number == 4:
        return f"{floats_of(value)[0]:.7g}" if len(bytes_of(value)) == 4 else ""
    if number == 5:
        return _bool_text(int_of(value))
    if number == 6:
        return _type_name(int_of(value))
    if number == 7:
        shape = _shape(bytes_of(value))
        return "unknown shape" if shape is None else f"[{', '.join(shape)}]"
    if number == 8:
        return _tensor(bytes_of(value))
    if number == 10:  # NameAttrList: 1 name
        return _argument_name(bytes_of(value))
    return text_of(value)


def _tensor(data: memoryview) -> str:
    """Return what a TensorProto (1 dtype, 2 tensor_shape) is."""
    kind, shape = "tensor", []
    for number, _wire, value in read_fields(data):
        if number == 1:
            kind = _type_name(int_of(value))
        elif number == 2:
            shape = _shape(bytes_of(value))
    return tensor_text(kind, shape)


def _bool_text(value: int) -> str:
    return "true" if value else "false"


def _type_name(number: int) -> str:
    plain = number - 100 if number > 100 else number
    return TYPES.get(plain, f"type {number}")


def _read_statistics(graph: Graph, data: memoryview) -> None:
    """Add StepStats (1 dev_stats {1 device, 2 node_stats}) by the name of the node."""
    for number, _wire, value in read_fields(data):
        if number != 1:
            continue
        device, stats = "", []
        for n, _w, v in read_fields(bytes_of(value)):
            if n == 1:
                device = cut(text_of(v), 200)
            elif n == 2:
                stats.append(bytes_of(v))
        if len(graph.devices) < MAX_LISTED:
            graph.devices.append(device)
        for one in stats:
            _read_node_statistics(graph, device, one)


def _read_node_statistics(graph: Graph, device: str, data: memoryview) -> None:
    """Add a NodeExecStats: 1 node_name, 5 all_end_rel_micros, 6 memory {2 total_bytes}."""
    name, micros, memory = "", 0, 0
    for number, _wire, value in read_fields(data):
        if number == 1:
            name = cut(text_of(value))
        elif number == 5:
            micros = int_of(value)
        elif number == 6:
            memory += sum(int_of(v) for n, _w, v in read_fields(bytes_of(value)) if n == 2)
    found = graph.statistics.get(name)
    if found is None:
        if len(graph.statistics) >= MAX_NODES:
            graph.left_out += 1
            return
        found = graph.statistics[name] = NodeStatistics(device=device)
    found.time_us += max(0, micros)
    found.memory_bytes += max(0, memory)


def is_graphdef(data: bytes) -> bool:
    """Whether the bytes can be read as a GraphDef with a node in it."""
    try:
        return any(number == 1 for number, _wire, _value in read_fields(memoryview(data)))
    except CorruptBlock:
        return False

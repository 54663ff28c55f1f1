"""A Keras model's configuration (`model.to_json()`), read into a graph of its layers.

Source: what Keras 2.15 and 3 write, and what TensorBoard's Keras callback stores under the tag ``keras``. In a
functional model each layer says in `inbound_nodes` what it reads: in Keras 2 as ``[[[name, node, tensor, {}],
...]]``, in Keras 3 as ``[{"args": [...]}]`` with ``{"class_name": "__keras_tensor__", "config": {"keras_history":
[name, node, tensor]}}`` inside. A model among the layers is a group.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeGuard

from epochal.errors import CorruptBlock
from epochal.formats.graph_model import Graph, Node, cut, settle_names

MODELS = ("Functional", "Sequential", "Model")
MAX_DEPTH = 16


def read_keras(data: bytes) -> Graph:
    """Return the layers of a model. Raises CorruptBlock when the bytes are no configuration of a model."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptBlock(f"the configuration of a Keras model is no JSON: {error}") from error
    config = _object(found).get("config")
    if not isinstance(config, dict | list):
        raise CorruptBlock("the JSON is no configuration of a Keras model: it has no `config`")
    graph = Graph("keras", title=str(_object(config).get("name", "")))
    version = _object(found).get("keras_version")
    graph.producer = f"Keras {version}" if isinstance(version, str) else "Keras"
    _read_model(graph, _object(found), "", 0)
    settle_names(graph)
    return graph


class _Ends:
    """Where edges into a layer begin to be drawn, and where those out of it do: the same node, or those of a model."""

    def __init__(self, entries: list[int], exits: list[int]) -> None:
        self.entries = entries
        self.exits = exits


def _read_model(graph: Graph, model: dict[str, Any], prefix: str, depth: int) -> _Ends:
    config = model.get("config")
    layers = config if isinstance(config, list) else _object(config).get("layers")
    layers = [layer for layer in _list(layers) if isinstance(layer, dict)]
    ends: dict[str, _Ends] = {}
    order: list[_Ends] = []
    for layer in layers:
        name = str(_object(layer.get("config")).get("name") or layer.get("name") or "layer")
        kind = str(layer.get("class_name", ""))
        if kind in MODELS and depth < MAX_DEPTH:
            path = f"{prefix}{name}"
            graph.groups[path] = kind
            found = _read_model(graph, layer, f"{path}/", depth + 1)
        else:
            index = graph.add(_layer(prefix, name, kind, layer))
            found = _Ends([] if index is None else [index], [] if index is None else [index])
        ends[str(layer.get("name") or name)] = ends[name] = found
        order.append(found)
    if any("inbound_nodes" in layer for layer in layers):
        return _join_functional(graph, _object(config), layers, order, ends)
    for source, target in pairwise(order):
        _connect(graph, source, target, 0)
    return _Ends(order[0].entries if order else [], order[-1].exits if order else [])


def _join_functional(
    graph: Graph,
    config: dict[str, Any],
    layers: list[dict[str, Any]],
    order: list[_Ends],
    ends: dict[str, _Ends],
) -> _Ends:
    for layer, target in zip(layers, order, strict=True):
        for name, tensor in _sources(layer.get("inbound_nodes"), 0):
            if (source := ends.get(name)) is not None:
                _connect(graph, source, target, tensor)
    found = _Ends([], [])
    for name in _names(config.get("input_layers")):
        if name in ends:
            found.entries += ends[name].entries
    for name in _names(config.get("output_layers")):
        if name in ends:
            found.exits += ends[name].exits
    return found


def _connect(graph: Graph, source: _Ends, target: _Ends, tensor: int) -> None:
    for start in source.exits:
        for end in target.entries:
            graph.connect(start, end, tensor)


def _sources(value: Any, depth: int) -> Iterator[tuple[str, int]]:
    """Yield (layer, tensor) of everything that a layer reads, in either way of writing it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        history = _object(value.get("config")).get("keras_history")
        if value.get("class_name") == "__keras_tensor__" and _is_history(history):
            yield history[0], _index(history[2])
            return
        for item in value.values():
            yield from _sources(item, depth + 1)
    elif isinstance(value, list):
        if _is_history(value):
            yield value[0], _index(value[2])
            return
        for item in value:
            yield from _sources(item, depth + 1)


def _is_history(value: Any) -> TypeGuard[list[Any]]:
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and isinstance(value[2], int)
    )


def _names(value: Any) -> Iterator[str]:
    """Yield the layers of `input_layers`: ``[[name, 0, 0], ...]``, in Keras 3 ``[name, 0, 0]`` for a single one."""
    for item in [value] if _is_history(value) else _list(value):
        if isinstance(item, list) and item and isinstance(item[0], str):
            yield item[0]


def _layer(prefix: str, name: str, kind: str, layer: dict[str, Any]) -> Node:
    node = Node(prefix + name.replace("/", "∕"), kind)
    config = _object(layer.get("config"))
    for key, value in config.items():
        if key == "name" or (key == "trainable" and value is True):  # a frozen layer says so
            continue
        text = _value_text(value)
        if text:
            node.set(key, text)
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    if isinstance(shape, list):
        sizes = ", ".join("?" if size is None else str(size) for size in shape)
        node.shapes = [f"{_value_text(config.get('dtype')) or 'float32'} [{cut(sizes, 200)}]"]
    return node


def _value_text(value: Any) -> str:
    """Return a setting of a layer in words; an object of Keras (an initialiser) by its class and settings."""
    if value is None:
        return ""
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):
        settings = _object(value.get("config"))
        inside = ", ".join(f"{k}={v}" for k, v in settings.items() if v is not None)
        return cut(f"{value['class_name']}({inside})" if inside else value["class_name"])
    if isinstance(value, str):
        return value
    return cut(json.dumps(value))


def _index(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

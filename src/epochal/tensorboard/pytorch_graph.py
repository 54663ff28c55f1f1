"""The graph of a torch module as a GraphDef, node for node what torch 2.13.0 writes.

Source of the naming: torch/utils/tensorboard/_pytorch_graph.py. A value of the traced graph is a node called after
the modules that it is computed in (``Net/Linear[fc]/input``); inputs are ``input/NAME``, results ``output/output.N``.
torch is imported when a graph is asked for.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from epochal.tensorboard.protos import (
    AttrValue,
    DeviceStepStats,
    GraphDef,
    ListValue,
    NodeDef,
    RunMetadata,
    StepStats,
    VersionDef,
    shape_of,
)

GET_ATTRIBUTE = "prim::GetAttr"
PRODUCER = 22
"""What TensorFlow's own graphs of the time said; TensorBoard wants a number."""


@dataclass
class _Node:
    """A value of the graph: the operation that makes it, and the values that go in."""

    name: str
    operation: str
    inputs: list[str]
    scope: str | None = None
    """Modules that it is computed in; None for inputs and outputs of the graph."""
    side: str = ""
    """``input`` or ``output`` of the graph."""
    shape: list[int] | None = None
    attributes: str = ""


def graph(
    model: Any, args: Any, verbose: bool = False, use_strict_trace: bool = True
) -> tuple[GraphDef, RunMetadata]:
    """Return the graph of `model` traced with `args`, and the device that it is said to run on.

    verbose: prints the trace. Raises what torch.jit.trace raises (RuntimeError).
    """
    import torch

    with _evaluating(model, torch), warnings.catch_warnings():
        # That jit is deprecated is known; what the tracer says of the model is for its author.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        jit: Any = torch.jit
        trace = jit.trace(model, args, strict=use_strict_trace)
        traced = trace.graph
        torch._C._jit_pass_inline(traced)
    if verbose:
        sys.stdout.write(f"{traced}\n")
    metadata = RunMetadata(
        step_stats=StepStats(dev_stats=[DeviceStepStats(device="/device:CPU:0")])
    )
    nodes = [_proto(node) for node in parse(traced, trace)]
    return GraphDef(node=nodes, versions=VersionDef(producer=PRODUCER)), metadata


@contextlib.contextmanager
def _evaluating(model: Any, torch: Any) -> Iterator[None]:
    """Have the model in evaluation mode, and as it was afterwards."""
    if isinstance(model, torch.jit.ScriptFunction):
        yield
        return
    was_training = model.training
    model.train(False)
    try:
        yield
    finally:
        model.train(was_training)


def parse(traced: Any, trace: Any) -> list[_Node]:
    """Return the nodes of a traced and inlined graph: inputs that are used, operations, outputs."""
    nodes: dict[str, _Node] = {}
    for value in traced.inputs():
        if value.uses() and value.type().kind() != "ClassType":
            name = value.debugName()
            nodes[name] = _Node(name, "IO Node", [], side="input", shape=_sizes(value))
    operations = list(_operations(traced, _Scopes(trace)))
    outputs: dict[str, _Node] = {}
    for number, value in enumerate(traced.outputs(), 1):
        name = f"output.{number}"
        outputs[name] = _Node(
            name, "IO Node", [value.debugName()], side="output", shape=_sizes(value)
        )
    # In torch's order: inputs, outputs, then what operations make.
    nodes.update(outputs)
    for node in operations:
        nodes[node.name] = node
    names = {name: f"{node.scope}/{name}" for node in operations for name in node.inputs}
    names |= {
        name: f"{node.side if node.scope is None else node.scope}/{node.name}"
        for name, node in nodes.items()
    }
    return [
        _Node(
            names[node.name],
            node.operation,
            [names[name] for name in node.inputs],
            shape=node.shape,
            attributes=node.attributes,
        )
        for node in nodes.values()
    ]


def _sizes(value: Any) -> list[int]:
    try:
        return list(value.type().sizes())
    except RuntimeError:  # a model that answers with something else than a tensor
        return [1]


def _operations(traced: Any, scopes: _Scopes) -> Iterator[_Node]:
    """Yield a node for each value that an operation makes; modules themselves are no values."""
    for operation in traced.nodes():
        if operation.kind() == GET_ATTRIBUTE:
            scopes.enter(operation)
            if operation.output().type().kind() == "ClassType":
                continue
            scope = scopes.of(scopes.paths[operation.output().debugName()])
        else:
            scope = scopes.of(operation.scopeName())
        attributes = {name: _attribute(operation, name) for name in operation.attributeNames()}
        inputs = [value.debugName() for value in operation.inputs()]
        for value in operation.outputs():
            yield _Node(
                value.debugName(),
                operation.kind(),
                inputs,
                scope,
                shape=list(value.type().sizes()) if value.isCompleteTensor() else None,
                attributes=str(attributes).replace("'", " "),
            )


class _Scopes:
    """Where in the module an operation stands: paths of attributes, and the classes that they belong to."""

    def __init__(self, trace: Any) -> None:
        self._base = _class_name(trace)
        self._names = {
            path: f"{_class_name(module)}[{path.split('.')[-1]}]"
            for path, module in trace.named_modules(prefix="__module")
        }
        self.paths: dict[str, str] = {}
        """Name of a value that is an attribute of a module -> path to it."""

    def enter(self, operation: Any) -> None:
        """Take in an operation that gets an attribute."""
        attribute = operation.s("name")
        parent = operation.input().node()
        if parent.kind() == GET_ATTRIBUTE:
            path = self.paths[parent.output().debugName()]
            path = f"{path}/{path.split('/')[-1]}.{attribute}"
        else:
            path = f"__module.{attribute}"
        self.paths[operation.output().debugName()] = path

    def of(self, path: str) -> str:
        """Return the scope that the nodes of a path are named by."""
        parts = [self._names.get(part, part.split(".")[-1]) for part in path.split("/")]
        return "/".join([self._base, *parts]) if any(parts) else self._base


def _class_name(module: Any) -> str:
    import torch

    jit: Any = torch.jit
    if isinstance(module, jit.TracedModule):
        return module._name
    return getattr(module, "original_name", "Module")


def _attribute(operation: Any, name: str) -> Any:
    return getattr(operation, operation.kindOf(name))(name)


def _proto(node: _Node) -> NodeDef:
    attributes = {"attr": AttrValue(s=node.attributes.encode("utf-8", "replace"))}
    if node.shape is not None:
        shapes = ListValue(shape=[shape_of(node.shape)])
        attributes["_output_shapes"] = AttrValue(list=shapes)
    return NodeDef(name=node.name, op=node.operation, input=node.inputs, attr=attributes)

"""Stands in for ``torch.utils.tensorboard`` and ``tensorboardX``, so that other people's loggers write through us.

A finder in front of all others answers for these modules and what is below them; what was imported before is replaced.
Whoever holds the old SummaryWriter class already keeps it: install before the import of what is to be led here.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

TORCH, TENSORBOARDX = "torch.utils.tensorboard", "tensorboardX"


def install() -> None:
    """Let ``torch.utils.tensorboard`` and ``tensorboardX`` be this package from now on. Idempotent.

    Neither has to be installed. EPOCHAL_TENSORBOARD=1 does the same when epochal is imported.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    for name in sorted(MODULES):
        if name in sys.modules:
            sys.modules[name] = made = _module(name)
            parent, _, attribute = name.rpartition(".")
            if parent in sys.modules:
                setattr(sys.modules[parent], attribute, made)


def uninstall() -> None:
    """Take the finder away, and every module that it made."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    for name in MODULES:
        module = sys.modules.get(name)
        if module is None or not hasattr(module, "__epochal__"):
            continue
        del sys.modules[name]
        parent, _, attribute = name.rpartition(".")
        if getattr(sys.modules.get(parent), attribute, None) is module:
            delattr(sys.modules[parent], attribute)


class _Finder:
    """Finds the modules that we stand in for."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module of ours, None for every other one."""
        del path, target
        if name not in MODULES:
            return None
        loader: Any = _Loader()
        return importlib.util.spec_from_loader(
            name, loader, origin="epochal", is_package=name in (TORCH, TENSORBOARDX)
        )


class _Loader:
    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        del module  # it is filled already


def _module(name: str) -> ModuleType:
    module = ModuleType(name, "What epochal offers under this name.")
    module.__dict__.update(MODULES[name]())
    module.__dict__["__epochal__"] = True
    module.__path__ = []
    return module


def _writers() -> dict[str, Any]:
    from epochal.tensorboard.file_writer import FileWriter, RecordWriter
    from epochal.tensorboard.writer import SummaryWriter

    names = {
        "FileWriter": FileWriter,
        "RecordWriter": RecordWriter,
        "SummaryWriter": SummaryWriter,
    }
    return {**names, "__all__": sorted(names)}


def _package() -> dict[str, Any]:
    from epochal.sdk.environment import package_version
    from epochal.tensorboard.global_writer import GlobalSummaryWriter

    return {
        **_writers(),
        "GlobalSummaryWriter": GlobalSummaryWriter,
        "__version__": f"2.6.5+epochal{package_version()}",
    }


def _summary() -> dict[str, Any]:
    from epochal.tensorboard import arrays, protos, summary

    names = {name: getattr(summary, name) for name in summary.__all__}
    return {
        **names,
        "_calc_scale_factor": arrays.scale_of,
        "HistogramProto": protos.HistogramProto,
        "Summary": protos.Summary,
        "SummaryMetadata": protos.SummaryMetadata,
        "TensorProto": protos.TensorProto,
        "TensorShapeProto": protos.TensorShapeProto,
        "make_np": arrays.make_np,
        "__all__": list(names),
    }


def _arrays() -> dict[str, Any]:
    from epochal.tensorboard import arrays, images

    return {
        "_prepare_video": arrays.prepare_video,
        "convert_to_HWC": arrays.convert_to_HWC,
        "figure_to_image": images.figure_to_image,
        "make_grid": arrays.make_grid,
        "make_np": arrays.make_np,
    }


def _graph() -> dict[str, Any]:
    from epochal.tensorboard import pytorch_graph

    return {"graph": pytorch_graph.graph, "parse": pytorch_graph.parse}


def _onnx_graph() -> dict[str, Any]:
    from epochal.tensorboard import onnx_graph

    return {"load_onnx_graph": onnx_graph.load_onnx_graph, "parse": onnx_graph.to_graph}


MODULES: dict[str, Callable[[], dict[str, Any]]] = {
    TORCH: _writers,
    f"{TORCH}.writer": _writers,
    f"{TORCH}.summary": _summary,
    f"{TORCH}._convert_np": _arrays,
    f"{TORCH}._utils": _arrays,
    f"{TORCH}._pytorch_graph": _graph,
    f"{TORCH}._onnx_graph": _onnx_graph,
    TENSORBOARDX: _package,
    f"{TENSORBOARDX}.writer": _package,
    f"{TENSORBOARDX}.global_writer": _package,
    f"{TENSORBOARDX}.summary": _summary,
    f"{TENSORBOARDX}.utils": _arrays,
    f"{TENSORBOARDX}.x2num": _arrays,
}
"""What each module holds, by its name."""

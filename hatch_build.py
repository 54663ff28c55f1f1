"""The build hook: puts the web UI and the compiled kernels into the package before hatchling collects the files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _load_script(root: Path, script: str) -> ModuleType:
    """Return scripts/`script`.py as a module: a build does not have the project on its path."""
    name = f"epochal_{script}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, root / "scripts" / f"{script}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{root} is incomplete: scripts/{script}.py is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


class EpochalHook(BuildHookInterface[Any]):
    """Builds the web UI, or takes the one that a source distribution brought along, and compiles the kernels."""

    _compiled: TemporaryDirectory[str] | None = None

    def dependencies(self) -> list[str]:
        """Return the Node distribution when the UI has to be built and PATH has no Node."""
        return _load_script(Path(self.root), "build_ui").requirements()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernels; build the UI, with EPOCHAL_SKIP_UI=1 only if it is there already and fresh.

        `version` is "standard" or "editable"; both get the UI, so that `epochal up` serves it from
        an editable installation as well.
        """
        if self.target_name == "wheel":
            self._compile_kernels(version, build_data)
        build_ui = _load_script(Path(self.root), "build_ui")
        if build_ui.is_skipped():
            self.app.display_warning(
                f"{build_ui.SKIP_VARIABLE} is set: the web UI is not built, and `epochal up` will "
                "serve only what is in src/epochal/ui/static already."
            )
            return
        try:
            build_ui.build()
        except build_ui.InterfaceNotBuilt as error:
            raise SystemExit(f"\n{error}\n") from None

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only made to be packed."""
        del version, build_data, artifact_path
        if self._compiled is not None:
            self._compiled.cleanup()

    def _compile_kernels(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the kernels into the wheel, or for an editable installation into the source tree.

        Without them the wheel is one for every platform. What lies in the source tree is never packed: it may be of
        another version or machine.
        """
        build_native = _load_script(Path(self.root), "build_native")
        if version == "editable":
            target = build_native.SOURCE.parent / build_native.MODULE
        else:
            self._compiled = TemporaryDirectory()
            target = Path(self._compiled.name) / build_native.MODULE
        try:
            build_native.compile_kernels(target)
        except build_native.NotCompiled as error:
            self.app.display_info(f"The kernels are not compiled, numpy runs them: {error}")
            return
        if version != "editable":
            build_data["force_include"][str(target)] = f"epochal/native/{build_native.MODULE}"
            build_data["pure_python"] = False
            build_data["tag"] = build_native.wheel_tag()

"""The build hook: puts the web UI into the package before hatchling collects the files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _load_build_ui(root: Path) -> ModuleType:
    """Return scripts/build_ui.py as a module: a build does not have the project on its path."""
    name = "epochal_build_ui"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, root / "scripts" / "build_ui.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{root} is incomplete: scripts/build_ui.py is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


class WebInterfaceHook(BuildHookInterface[Any]):
    """Builds the web UI, or takes the one that a source distribution brought along."""

    def dependencies(self) -> list[str]:
        """Return the Node distribution when the UI has to be built and PATH has no Node."""
        return _load_build_ui(Path(self.root)).requirements()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the UI, with EPOCHAL_SKIP_UI=1 only if it is there already and fresh.

        `version` is "standard" or "editable"; both get the UI, so that `epochal up` serves it from
        an editable installation as well.
        """
        build_ui = _load_build_ui(Path(self.root))
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

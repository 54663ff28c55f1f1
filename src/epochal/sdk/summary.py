"""A run's summary: the last value of each key (or what define_metric says), and what the script sets itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from epochal.sdk.values import to_json


class Summary(Mapping[str, Any]):
    """Read it for the values so far; set a key and that value stays, whatever is logged later."""

    __slots__ = ("_derived", "_emit", "_explicit")

    def __init__(
        self, emit: Callable[[dict[str, Any]], None], derived: Callable[[], dict[str, Any]]
    ) -> None:
        object.__setattr__(self, "_emit", emit)
        object.__setattr__(self, "_derived", derived)
        object.__setattr__(self, "_explicit", {})

    def as_dict(self) -> dict[str, Any]:
        """Return the summary now."""
        return {**self._derived(), **self._explicit}

    def __getitem__(self, key: str) -> Any:
        return self.as_dict()[key]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the summary has no key {name!r}") from None

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def update(self, *sources: Any, **values: Any) -> None:
        """Set several keys."""
        plain = {
            str(key): to_json(value)
            for source in (*sources, values)
            for key, value in dict(source).items()
        }
        if plain:
            self._explicit.update(plain)
            self._emit({"summary": plain})

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self.as_dict())

    def __repr__(self) -> str:
        return f"Summary({self.as_dict()!r})"

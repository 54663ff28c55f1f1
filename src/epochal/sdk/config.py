"""A run's configuration: a dict whose keys are attributes too, locked against silent change, recorded as it grows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from epochal.errors import ConfigLocked, UsageError
from epochal.formats.journal import dump_json
from epochal.sdk.values import to_json

Emit = Callable[[dict[str, Any]], None]


class Config(dict[str, Any]):
    """The configuration of a run, or a nested part of it; a change is recorded at once.

    A key that has a value keeps it: another value raises ConfigLocked, unless `update` says
    ``allow_val_change=True``. Values become what JSON can hold (numpy and torch scalars their
    number, other objects their text).
    """

    __slots__ = ("_changed", "_free")

    def __init__(self, changed: Callable[[str], None], *, free: bool = False) -> None:
        super().__init__()
        object.__setattr__(self, "_changed", changed)
        object.__setattr__(self, "_free", free)

    @classmethod
    def of_run(cls, emit: Emit, *, free: bool = False) -> Config:
        """Return an empty configuration whose changed top-level keys go to `emit` with all that is below them."""

        def changed(key: str) -> None:
            emit({"config": {key: config[key]}})

        config = cls(changed, free=free)
        return config

    def _put(self, key: Any, value: Any, *, allow_val_change: bool) -> bool:
        """Store a converted value; returns whether anything changed."""
        name = str(key)
        plain = to_json(value)
        known = self.get(name)
        if name in self:
            if isinstance(known, Config) and isinstance(plain, dict):
                changes = [
                    known._put(k, v, allow_val_change=allow_val_change) for k, v in plain.items()
                ]
                return any(changes)
            if dump_json(known) == dump_json(plain):
                return False
            if not allow_val_change:
                raise ConfigLocked(
                    f"config key {name!r} is {known!r} and was to become {plain!r}; "
                    f"if that is meant, call config.update({{{name!r}: ...}}, allow_val_change=True)"
                )
        super().__setitem__(name, self._wrap(name, plain))
        return True

    def _wrap(self, name: str, plain: Any) -> Any:
        if not isinstance(plain, dict):
            return plain

        def changed(_key: str) -> None:
            self._changed(name)

        section = Config(changed, free=self._free)
        for key, value in plain.items():
            dict.__setitem__(section, key, section._wrap(key, value))
        return section

    def _take(self, key: str, value: Any) -> None:
        """Store a value that is recorded already."""
        super().__setitem__(key, self._wrap(key, to_json(value)))

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._put(key, value, allow_val_change=self._free):
            self._changed(str(key))

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"config has no key {name!r}; it has {', '.join(self) or 'none'}"
            ) from None

    def __delitem__(self, key: str) -> None:
        raise UsageError(f"config key {key!r} cannot be removed: what was recorded stays")

    __delattr__ = __delitem__

    def pop(self, *_arguments: Any) -> Any:
        """Refuse: what was recorded stays."""
        raise UsageError("config keys cannot be removed: what was recorded stays")

    popitem = pop
    clear = pop

    def update(self, *sources: Any, allow_val_change: bool | None = None, **values: Any) -> None:
        """Add values from dicts, argparse namespaces, dataclasses and keywords."""
        allow = self._free if allow_val_change is None else allow_val_change
        changed: list[str] = []
        try:
            for source in (*sources, values):
                for key, value in pairs_of(source):
                    if self._put(key, value, allow_val_change=allow):
                        changed.append(str(key))
        finally:
            for key in changed:
                self._changed(key)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, which becomes `default` when it has none."""
        if key not in self:
            self[key] = default
        return self[key]

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Give each key of `values` its value where it has none."""
        for key, value in pairs_of(values):
            self.setdefault(str(key), value)

    def as_dict(self) -> dict[str, Any]:
        """Return a plain copy, nested dicts included."""
        return {
            key: value.as_dict() if isinstance(value, Config) else value
            for key, value in self.items()
        }

    def copy(self) -> dict[str, Any]:
        """Return a plain copy."""
        return self.as_dict()

    def __reduce__(self) -> Any:
        return dict, (self.as_dict(),)


def pairs_of(source: Any) -> Iterable[tuple[Any, Any]]:
    """Yield the (key, value) pairs of a dict, argparse namespace, dataclass or sequence of pairs."""
    if source is None:
        return ()
    if isinstance(source, Mapping):
        return list(source.items())
    if isinstance(source, (str, bytes, os.PathLike)):
        raise UsageError(
            f"config={source!r} is a path; read the file and pass what is in it as a dict"
        )
    if hasattr(source, "__dataclass_fields__") and not isinstance(source, type):
        return [(name, getattr(source, name)) for name in source.__dataclass_fields__]
    if hasattr(source, "__dict__"):
        return list(vars(source).items())
    try:
        pairs: Any = source
        return dict[Any, Any](pairs).items()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"config must be a dict, a namespace or a dataclass, got {type(source).__name__}"
        ) from error

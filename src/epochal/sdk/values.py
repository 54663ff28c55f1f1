"""Turns what a script logs into the four kinds of the journal, and what it configures into JSON.

Nothing here imports numpy, torch or JAX: their objects are recognised by what they offer (`dtype`,
`item`, `numpy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from epochal.formats.journal import dump_json

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
MAX_DEPTH = 64
MAX_INTEGER_BITS = 14_000
"""Python refuses to print integers of more than 4300 digits, so that JSON cannot hold them."""
MAX_VALUE = 6 * 1024 * 1024
"""Bytes of JSON in one value: a record must fit in one request of 8 MiB."""

DIRECT: dict[type, str] = {float: "d", int: "q", bool: "?"}
"""Types that `struct` packs as they are, with their kind letter; numpy's scalar types join when first seen."""


class Unloggable(Exception):
    """A value that has no kind; its text says what it is."""


def encode_value(value: Any) -> tuple[str, Any] | None:
    """Return (kind letter, value as packed), or None for None.

    A ``j`` value is its JSON as bytes. Raises Unloggable for what is neither a number, text nor a
    list of them.
    """
    letter = DIRECT.get(type(value))
    if letter is None:
        return _encode_unusual(value)
    if letter == "q" and not INT64_MIN <= (value := int(value)) <= INT64_MAX:
        return "j", _encode_huge(value)
    return letter, value


def _encode_unusual(value: Any) -> tuple[str, Any] | None:
    if value is None:
        return None
    if isinstance(value, str):
        return "j", _encode_json(str(value))
    if isinstance(value, int):
        return encode_value(int(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return "j", _encode_json(plain_list(value))
    if isinstance(value, float):
        _learn_type(value)
        return "d", float(value)
    if isinstance(value, (bytes, bytearray, complex)):
        raise Unloggable(f"a value of type {type(value).__name__}")
    return encode_value(plain_scalar(value))


def _encode_huge(value: int) -> bytes:
    try:
        return str(value).encode("ascii")
    except ValueError as error:  # Python refuses to print more than 4300 digits
        raise Unloggable(f"an integer of {value.bit_length()} bits") from error


def _encode_json(value: Any) -> bytes:
    data = dump_json(value)
    if len(data) > MAX_VALUE:
        raise Unloggable(f"{len(data)} bytes in one value, at most {MAX_VALUE} are kept")
    return data


def plain_scalar(value: Any) -> Any:
    """Return the Python scalar inside a one-element array, tensor or number-like.

    Raises Unloggable otherwise.
    """
    _learn_type(value)
    try:
        count = _element_count(value)
        if count is not None and count != 1:
            shape = tuple(getattr(value, "shape", (count,)))
            raise Unloggable(
                f"a {type(value).__name__} of shape {shape}; log one number, for example its mean()"
            )
        if hasattr(value, "item"):
            plain = value.item()
            # numpy's longdouble and ml_dtypes' bfloat16 scalars answer with themselves
            return plain if type(plain) in _PLAIN or plain is None else _real(plain)
        if hasattr(value, "numpy"):
            return plain_scalar(value.numpy())
        if hasattr(type(value), "__index__"):
            return int(value)
        return _real(value)
    except Unloggable:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:120]
        raise Unloggable(f"a {type(value).__name__} that has no value ({reason})") from error


_PLAIN = (float, int, bool, str)


def _real(value: Any) -> float:
    if isinstance(value, complex) or not hasattr(type(value), "__float__"):
        raise Unloggable(f"a value of type {type(value).__name__}")
    return float(value)


def _element_count(value: Any) -> int | None:
    """Return the number of elements of an array or tensor, None for anything else."""
    if not hasattr(value, "dtype"):
        return None
    count = (
        value.numel() if callable(getattr(value, "numel", None)) else getattr(value, "size", None)
    )
    return int(count) if isinstance(count, int) else None


def _learn_type(value: Any) -> None:
    """Let numpy's real scalar types take the fast path from now on."""
    kind_of = type(value)
    if kind_of in DIRECT or not any(
        base.__name__ == "generic" and base.__module__ == "numpy" for base in kind_of.__mro__
    ):
        return
    dtype = value.dtype
    letter = {"f": "d", "i": "q", "u": "q", "b": "?"}.get(dtype.kind)
    if letter is not None and dtype.itemsize <= 8:
        DIRECT[kind_of] = letter


def plain_list(values: Iterable[Any], depth: int = 1) -> list[Any]:
    """Return a list that JSON can hold. Raises Unloggable for an element that it cannot."""
    if depth > MAX_DEPTH:
        raise Unloggable(f"lists nested deeper than {MAX_DEPTH}")
    plain: list[Any] = []
    for value in values:
        if value is None or type(value) in _PLAIN:
            plain.append(value)
        elif isinstance(value, (list, tuple, set, frozenset)):
            plain.append(plain_list(value, depth + 1))
        elif isinstance(value, Mapping):
            items = plain_list(value.values(), depth + 1)
            plain.append(dict(zip(map(str, value), items, strict=True)))
        elif isinstance(value, str):
            plain.append(str(value))
        elif isinstance(value, (bytes, bytearray, complex)):
            raise Unloggable(f"a list with a {type(value).__name__}")
        else:
            plain.append(plain_scalar(value))
    return plain


def flatten(
    data: Mapping[Any, Any],
) -> tuple[dict[str, tuple[str, Any]], list[tuple[str, str]], list[str]]:
    """Return ({key: (letter, packed value)}, [(key, what is wrong with it)], [keys that were no strings]).

    Nested mappings give dotted keys; the later of two equal keys wins; None values are left out.
    """
    values: dict[str, tuple[str, Any]] = {}
    problems: list[tuple[str, str]] = []
    renamed: list[str] = []
    _flatten(data, "", 0, values, problems, renamed)
    return values, problems, renamed


def _flatten(
    data: Mapping[Any, Any],
    prefix: str,
    depth: int,
    values: dict[str, tuple[str, Any]],
    problems: list[tuple[str, str]],
    renamed: list[str],
) -> None:
    for key, value in data.items():
        if not isinstance(key, str):
            key = repr(key)
            renamed.append(prefix + key)
        name = prefix + key
        if isinstance(value, Mapping):
            if depth == MAX_DEPTH:
                problems.append((name[:80], f"dicts nested deeper than {MAX_DEPTH}"))
            else:
                _flatten(value, name + ".", depth + 1, values, problems, renamed)
            continue
        try:
            encoded = encode_value(value)
        except Unloggable as error:
            problems.append((name, str(error)))
            continue
        except Exception as error:  # a __float__, __index__ or __iter__ of the caller's own making
            problems.append((name, f"a {type(value).__name__} that raised {type(error).__name__}"))
            continue
        if encoded is not None:
            # Re-inserted so that a replaced key stands where its last value was logged.
            values.pop(name, None)
            values[name] = encoded


def to_json(value: Any, depth: int = 0) -> Any:
    """Return `value` as something JSON can hold, for config and summary; what has no such form becomes its text."""
    try:
        return _plain_tree(value, depth)
    except Exception:  # an object of the caller's own making must not end a training
        return _describe(value)


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _plain_tree(value: Any, depth: int) -> Any:
    if _bits(value) > MAX_INTEGER_BITS:
        return f"an integer of {_bits(value)} bits"
    if value is None or type(value) in _PLAIN:
        return value
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): to_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {
            name: to_json(getattr(value, name), depth + 1) for name in value.__dataclass_fields__
        }
    try:
        count = _element_count(value)
        if count is not None and count != 1 and count <= 1000:
            return plain_list(value.tolist())
        return plain_scalar(value)
    except Exception:  # not a number: its text is the best that is left
        return _describe(value)


def _describe(value: Any) -> str:
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', None) or '?'}.{value.__qualname__}"
    try:
        return str(value)[:10_000]
    except Exception as error:  # a broken __str__ must not end a training
        return f"<{type(value).__name__}: {type(error).__name__}>"

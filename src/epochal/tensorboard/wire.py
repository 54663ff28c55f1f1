"""Messages in protobuf's binary form, described by tables: what event files hold, without the protobuf package.

Source of the binary form: protobuf.dev, "Encoding". A message class lists its fields; instances keep what was set,
give the default of what was not, and encode fields in the order of their numbers, as protobuf's own classes do.
Unknown fields of decoded bytes are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple, Self

from epochal.native.varint import encode_varint

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

INTEGERS = ("int64", "int32", "uint64", "uint32", "bool", "enum")
DEFAULTS: dict[str, Any] = {
    "double": 0.0,
    "float": 0.0,
    "string": "",
    "bytes": b"",
    "bool": False,
    **dict.fromkeys(("int64", "int32", "uint64", "uint32", "enum"), 0),
}


class Field(NamedTuple):
    """One field: number, name, type (a name of DEFAULTS or a message class), how often, and its oneof.

    repeated: a list; numbers are packed. map: a dict whose keys are strings. oneof: at most one of the fields with this
    name is set, and a set one is written even when it has its default.
    """

    number: int
    name: str
    type: Any
    repeated: bool = False
    map: bool = False
    oneof: str = ""


def decode_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return (unsigned value, position after it). Raises ValueError for one that is torn or too long."""
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError(f"no varint ends at byte {position}")
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
        shift += 7


def delimited(number: int, data: bytes) -> bytes:
    """Return the field `number` with its length and `data`."""
    return encode_varint(number << 3 | LENGTH) + encode_varint(len(data)) + data


def to_float32(value: float) -> float:
    """Return `value` as float32 can hold it: what is too large becomes infinite, as protobuf stores it."""
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


class Messages(dict[str, Any]):
    """A map from text to messages; a key that is not there is made when it is asked for."""

    def __init__(self, kind: Callable[[], Any]) -> None:
        super().__init__()
        self._kind = kind

    def __missing__(self, key: str) -> Any:
        self[key] = made = self._kind()
        return made


class Message:
    """A message. Subclasses give FIELDS; keywords of the constructor set fields."""

    FIELDS: ClassVar[tuple[Field, ...]] = ()
    by_name: ClassVar[dict[str, Field]] = {}
    by_number: ClassVar[dict[int, Field]] = {}

    def __init_subclass__(cls) -> None:
        cls.describe(cls.FIELDS)

    @classmethod
    def describe(cls, fields: tuple[Field, ...]) -> None:
        """Give the class its fields, in the order of their numbers."""
        setattr(cls, "FIELDS", tuple(sorted(fields, key=lambda field: field.number)))  # noqa: B010
        cls.by_name = {field.name: field for field in fields}
        cls.by_number = {field.number: field for field in fields}

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            if value is not None:
                setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        field = self.by_name.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        if field.oneof:
            for other in self.FIELDS:
                if other.oneof == field.oneof and other.name != name:
                    self.__dict__.pop(other.name, None)
        if field.map:
            messages = Messages(field.type)
            messages.update(value)
            value = messages
        elif field.repeated:
            value = list(value)
        elif field.type == "float":
            value = to_float32(float(value))
        self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        """Return the default of a field that is not set; a list, map or message is kept, so that it can be filled."""
        field = self.by_name.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        if isinstance(field.type, str) and not field.repeated:
            return DEFAULTS[field.type]
        kind: Any = field.type
        value: Any = Messages(kind) if field.map else [] if field.repeated else kind()
        if isinstance(value, Message):
            if field.oneof and self.WhichOneof(field.oneof) is not None:
                return value  # another one is set: this one is only looked at
            value.__dict__["is_implied"] = True
        self.__dict__[name] = value
        return value

    def HasField(self, name: str) -> bool:
        """Return whether a field that is no list is set."""
        field = self.by_name[name]
        return not (field.repeated or field.map) and self._is_set(field)

    def WhichOneof(self, group: str) -> str | None:
        """Return the name of the field of a oneof that is set."""
        return next((f.name for f in self.FIELDS if f.oneof == group and self._is_set(f)), None)

    def _is_set(self, field: Field) -> bool:
        value = self.__dict__.get(field.name)
        if value is None:
            return False
        if field.repeated or field.map:
            return len(value) > 0
        if isinstance(value, Message):
            # One that was only asked for counts when something has been put into it.
            return "is_implied" not in value.__dict__ or any(map(value._is_set, value.FIELDS))
        return bool(field.oneof) or value != DEFAULTS[field.type] or _is_negative_zero(value)

    def CopyFrom(self, other: Any) -> None:
        """Become what `other` is."""
        self.__dict__.clear()
        self.__dict__.update(type(self).FromString(other.SerializeToString()).__dict__)

    def set_fields(self) -> Iterator[tuple[Field, Any]]:
        """Yield the fields that are written, in the order of their numbers, with their values."""
        for field in self.FIELDS:
            if self._is_set(field):
                yield field, self.__dict__[field.name]

    def SerializeToString(self) -> bytes:
        """Return the message in protobuf's binary form."""
        return b"".join(_encode_field(field, value) for field, value in self.set_fields())

    @classmethod
    def FromString(cls, data: bytes) -> Self:
        """Return the message that `data` is. Raises ValueError for bytes that are none."""
        message = cls()
        for number, kind, value in read_fields(data):
            field = cls.by_number.get(number)
            if field is not None:
                _take(message, field, kind, value)
        return message

    def ParseFromString(self, data: bytes) -> int:
        """Become the message that `data` is; returns its size."""
        self.__dict__.clear()
        self.__dict__.update(type(self).FromString(data).__dict__)
        return len(data)

    def ListFields(self) -> list[tuple[Field, Any]]:
        """Return what is set, in the order of the numbers."""
        return list(self.set_fields())

    def ByteSize(self) -> int:
        """Return the size of the binary form."""
        return len(self.SerializeToString())

    def __eq__(self, other: object) -> bool:
        serialize: Any = getattr(other, "SerializeToString", None)
        if serialize is None:
            return NotImplemented
        same = self.FromString(serialize())
        return self.FromString(self.SerializeToString()).as_tuple() == same.as_tuple()

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # as protobuf's: what may change has no hash

    def as_tuple(self) -> tuple[Any, ...]:
        """Return what is set as nested tuples, for comparing."""
        parts: list[Any] = []
        for field, value in self.set_fields():
            if field.map:
                value = sorted((key, item.as_tuple()) for key, item in value.items())
            elif field.repeated:
                value = [v.as_tuple() if isinstance(v, Message) else v for v in value]
            elif isinstance(value, Message):
                value = value.as_tuple()
            parts.append((field.name, value))
        return tuple(parts)

    def __str__(self) -> str:
        return "".join(line + "\n" for line in _text_lines(self))

    def __repr__(self) -> str:
        return str(self)


def _is_negative_zero(value: Any) -> bool:
    return isinstance(value, float) and str(value) == "-0.0"


# ----------------------------------------------------------------------------------------------
# writing


def _encode_field(field: Field, value: Any) -> bytes:
    if field.map:
        return b"".join(
            delimited(
                field.number,
                delimited(1, key.encode("utf-8", "surrogatepass"))
                + delimited(2, item.SerializeToString()),
            )
            for key, item in value.items()
        )
    if not field.repeated:
        return _encode_one(field, value)
    if isinstance(field.type, str) and field.type not in ("string", "bytes"):
        return delimited(field.number, _pack(field.type, value))
    return b"".join(_encode_one(field, item) for item in value)


def _encode_one(field: Field, value: Any) -> bytes:
    kind = field.type
    if not isinstance(kind, str):
        return delimited(field.number, value.SerializeToString())
    if kind == "string":
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        return delimited(field.number, data)
    if kind == "bytes":
        return delimited(field.number, bytes(value))
    wire_type = {"double": FIXED64, "float": FIXED32}.get(kind, VARINT)
    return encode_varint(field.number << 3 | wire_type) + _pack(kind, (value,))


def _pack(kind: str, values: Any) -> bytes:
    if kind == "double":
        return struct.pack(f"<{len(values)}d", *values)
    if kind == "float":
        try:
            return struct.pack(f"<{len(values)}f", *values)
        except OverflowError:
            return struct.pack(f"<{len(values)}f", *map(to_float32, values))
    return b"".join([encode_varint(int(value)) for value in values])


# ----------------------------------------------------------------------------------------------
# reading


def read_fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield (number, wire type, value) of each field: an int for varints, else bytes.

    Raises ValueError where the bytes are no message.
    """
    position = 0
    while position < len(data):
        tag, position = decode_varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, position = decode_varint(data, position)
            yield number, kind, value
            continue
        if kind == LENGTH:
            size, position = decode_varint(data, position)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"a field of wire type {kind} at byte {position}")
        if position + size > len(data):
            raise ValueError(f"a field of {size} bytes is torn at byte {position}")
        yield number, kind, data[position : position + size]
        position += size


def _take(message: Message, field: Field, kind: int, value: Any) -> None:
    if not isinstance(field.type, str):
        if kind != LENGTH:
            raise ValueError(f"the field {field.name} is no message")
        if field.map:
            pair = {number: part for number, _kind, part in read_fields(value)}
            key = pair.get(1, b"").decode("utf-8", "surrogatepass")
            getattr(message, field.name)[key] = field.type.FromString(pair.get(2, b""))
        elif field.repeated:
            getattr(message, field.name).append(field.type.FromString(value))
        else:
            setattr(message, field.name, field.type.FromString(value))
        return
    values = list(_unpack(field.type, kind, value))
    if field.repeated:
        getattr(message, field.name).extend(values)
    elif values:
        setattr(message, field.name, values[-1])


def _unpack(type_name: str, kind: int, value: Any) -> Iterator[Any]:
    if type_name == "string":
        yield value.decode("utf-8", "surrogateescape")
    elif type_name == "bytes":
        yield value
    elif type_name in ("double", "float"):
        letter, size = ("d", 8) if type_name == "double" else ("f", 4)
        yield from struct.unpack(f"<{len(value) // size}{letter}", value)
    elif kind == VARINT:
        yield _integer(type_name, value)
    else:  # packed
        position = 0
        while position < len(value):
            number, position = decode_varint(value, position)
            yield _integer(type_name, number)


def _integer(type_name: str, value: int) -> int | bool:
    if type_name == "bool":
        return bool(value)
    if type_name in ("int64", "int32", "enum") and value >= 1 << 63:
        value -= 1 << 64
    return value


# ----------------------------------------------------------------------------------------------
# text


def _text_lines(message: Message, indent: str = "") -> Iterator[str]:
    for field, value in message.set_fields():
        if field.map:
            for key, item in value.items():
                yield f"{indent}{field.name} {{"
                yield f'{indent}  key: "{escape(key.encode("utf-8", "surrogatepass"))}"'
                yield f"{indent}  value {{"
                yield from _text_lines(item, indent + "    ")
                yield f"{indent}  }}"
                yield f"{indent}}}"
            continue
        for item in value if field.repeated else (value,):
            if isinstance(item, Message):
                yield f"{indent}{field.name} {{"
                yield from _text_lines(item, indent + "  ")
                yield f"{indent}}}"
            else:
                yield f"{indent}{field.name}: {_text_of(field.type, item)}"


def _text_of(kind: str, value: Any) -> str:
    if kind == "string":
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        return f'"{escape(data)}"'
    if kind == "bytes":
        return f'"{escape(value)}"'
    if kind == "bool":
        return "true" if value else "false"
    return repr(value)


def escape(data: bytes) -> str:
    """Return bytes as they stand between quotes in the text form of protobuf."""
    named = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
    return "".join(
        named.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data
    )

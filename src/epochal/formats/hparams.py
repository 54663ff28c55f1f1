"""Hyperparameters in event files: what the metadata of the tags ``_hparams_/...`` holds, as configuration.

Messages (tensorboard/plugins/hparams/plugin_data.proto and api.proto, google/protobuf/struct.proto)::

    HParamsPluginData  2 experiment | 3 session_start_info | 4 session_end_info
    Experiment         4 repeated HParamInfo {1 name, 4 type: 1 string, 2 bool, 3 float64; 5 discrete domain}
                       5 repeated MetricInfo {1 name {1 group, 2 tag}}
    SessionStartInfo   1 map of name to Value | 4 group name
    SessionEndInfo     1 status: 1 success, 2 failure, 3 running
    Value              1 null | 2 number | 3 string | 4 bool | 5 struct | 6 list
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from epochal.errors import CorruptBlock
from epochal.formats.event_protos import double_of, text_of
from epochal.formats.protowire import BYTES, FIXED64, VARINT, Bytes, Span, read_spans

_BOOL = 2
_DEEPEST = 20
_STATES = {1: "finished", 2: "failed"}


@dataclass(slots=True)
class Session:
    """What is known of a run's hyperparameters: values by name, which are booleans, its group and how it ended.

    metrics: tags of the scalars that its experiment names.
    """

    values: dict[str, Any] = field(default_factory=dict)
    booleans: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    group: str = ""
    state: str | None = None

    def config(self) -> dict[str, Any]:
        """Return the values; numbers of a boolean are booleans, as torch writes True as 1.0."""
        return {
            name: bool(value) if name in self.booleans and value in (0, 1) else value
            for name, value in self.values.items()
        }

    def take(self, content: bytes) -> None:
        """Add what the content of an hparams plugin says. Raises CorruptBlock."""
        for item in read_spans(content, Span(0, len(content))):
            if item.wire != BYTES:
                continue
            if item.number == 2:
                self._take_experiment(content, item.span)
            elif item.number == 3:
                self._take_start(content, item.span)
            elif item.number == 4:
                for part in read_spans(content, item.span):
                    if part.number == 1 and part.wire == VARINT:
                        self.state = _STATES.get(part.value)

    def _take_experiment(self, data: Bytes, span: Span) -> None:
        for item in read_spans(data, span):
            if item.wire != BYTES:
                continue
            if item.number == 5:
                self._take_metric(data, item.span)
            if item.number != 4:
                continue
            name, boolean = "", False
            for part in read_spans(data, item.span):
                if part.number == 1 and part.wire == BYTES:
                    name = text_of(data, part.span)
                elif part.number == 4 and part.wire == VARINT:
                    boolean = boolean or part.value == _BOOL
                elif part.number == 5 and part.wire == BYTES:
                    domain = _list(data, part.span, 0)
                    boolean = boolean or (
                        bool(domain) and all(isinstance(each, bool) for each in domain)
                    )
            if boolean:
                self.booleans.add(name)

    def _take_metric(self, data: Bytes, span: Span) -> None:
        for item in read_spans(data, span):
            if item.number == 1 and item.wire == BYTES:
                for part in read_spans(data, item.span):
                    if part.number == 2 and part.wire == BYTES:
                        self.metrics.add(text_of(data, part.span))

    def _take_start(self, data: Bytes, span: Span) -> None:
        for item in read_spans(data, span):
            if item.wire != BYTES:
                continue
            if item.number == 1:
                name, value = _entry(data, item.span, 0)
                self.values[name] = value
            elif item.number == 4:
                self.group = text_of(data, item.span)


def _entry(data: Bytes, span: Span, depth: int) -> tuple[str, Any]:
    name, value = "", None
    for part in read_spans(data, span):
        if part.number == 1 and part.wire == BYTES:
            name = text_of(data, part.span)
        elif part.number == 2 and part.wire == BYTES:
            value = _value(data, part.span, depth)
    return name, value


def _value(data: Bytes, span: Span, depth: int) -> Any:
    if depth > _DEEPEST:
        raise CorruptBlock("a hyperparameter is nested too deeply")
    found: Any = None
    for part in read_spans(data, span):
        if part.number == 2 and part.wire == FIXED64:
            number = double_of(data, part.span)
            found = int(number) if number.is_integer() and abs(number) < 1 << 53 else number
        elif part.number == 3 and part.wire == BYTES:
            found = text_of(data, part.span)
        elif part.number == 4 and part.wire == VARINT:
            found = part.value != 0
        elif part.number == 5 and part.wire == BYTES:
            found = dict(
                _entry(data, each.span, depth + 1)
                for each in read_spans(data, part.span)
                if each.number == 1 and each.wire == BYTES
            )
        elif part.number == 6 and part.wire == BYTES:
            found = _list(data, part.span, depth + 1)
    return found


def _list(data: Bytes, span: Span, depth: int) -> list[Any]:
    return [
        _value(data, each.span, depth)
        for each in read_spans(data, span)
        if each.number == 1 and each.wire == BYTES
    ]

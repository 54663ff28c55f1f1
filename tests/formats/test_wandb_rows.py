"""Lines of the wandb client as columns: real lines (wandb 0.31.0, wandb_rows.jsonl), and what no client should send."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.formats import media
from epochal.formats.frame import decode_frame_payload, decode_journal, encode_frame_record
from epochal.formats.wandb_rows import parse_line, parse_lines, rows_to_frame
from epochal.formats.wandb_values import convert
from epochal.records import Frame

ROWS = list(map(json.loads, Path(__file__).with_name("wandb_rows.jsonl").read_text().splitlines()))


def lines_of(file: str) -> list[bytes]:
    return [line.encode() for name, line in ROWS if name == file]


HISTORY = lines_of("wandb-history.jsonl")
EVENTS = lines_of("wandb-events.jsonl")


def values(frame: Frame, name: str) -> dict[int, Any]:
    """Return the values of a key by row, over all of its kinds."""
    found: dict[int, Any] = {}
    for column in frame.columns:
        if column.name == name:
            rows = range(len(frame)) if column.rows is None else column.rows.tolist()
            plain = column.values if isinstance(column.values, list) else column.values.tolist()
            assert not found.keys() & set(rows)
            found.update(zip(rows, plain, strict=True))
    return found


def kinds(frame: Frame, name: str) -> set[str]:
    return {column.kind for column in frame.columns if column.name == name}


def test_every_value_of_real_rows_is_in_its_column():
    frame = rows_to_frame(HISTORY, 0)
    assert len(frame) == len(HISTORY) == 27
    assert frame.steps.tolist() == [*range(26), 50]
    for i, line in enumerate(HISTORY):
        row = json.loads(line)
        assert frame.times[i] == row["_timestamp"]
        for key, value in row.items():
            if key in ("_step", "_timestamp", "_runtime"):
                assert not values(frame, key)
            elif not isinstance(value, dict):
                found = values(frame, key)[i]
                assert found == value or (math.isnan(value) and math.isnan(found))


def test_real_rows_have_the_kinds_of_their_values():
    frame = rows_to_frame(HISTORY, 0)
    # 1.0 comes as 1: in a column of floats it is one, alone it is an integer
    assert kinds(frame, "val/acc") == {"f64"}
    assert kinds(frame, "loss") == {"f64"}
    assert kinds(frame, "count") == {"i64"}
    assert kinds(frame, "flag") == {"bool"}
    assert kinds(frame, "none") == kinds(frame, "text") == kinds(frame, "list") == {"object"}
    assert values(frame, "neg") == {3: -math.inf}
    assert values(frame, "big") == {6: 2**53 + 1}
    assert values(frame, "small") == {6: -(2**63)}
    assert values(frame, "nested.b.c") == {5: 2.5}
    assert values(frame, "nested.b.d") == {5: "t"}
    assert values(frame, "dotted.key") == {5: 4}
    assert not values(frame, "empty")


def test_real_frames_survive_the_journal():
    frame = rows_to_frame(HISTORY, 0)
    record = encode_frame_record(frame)
    chunk = decode_journal(record, {})
    assert not chunk.damage
    assert {(c.name, c.kind) for c in chunk.frame.columns} == {
        (c.name, c.kind) for c in frame.columns
    }
    assert values(chunk.frame, "imgs") == values(frame, "imgs")


def test_real_media_are_values_of_ours():
    frame = rows_to_frame(HISTORY, 0)

    def only(name: str) -> dict[str, Any]:
        (value,) = values(frame, name).values()
        assert media.media_of(value) is not None
        return value

    counts, edges = (media.unpack(only("hist")[name]) for name in ("counts", "edges"))
    assert counts.sum() == 1000
    assert len(edges) == len(counts) + 1 == 65
    image = only("img")
    assert (image["width"], image["height"], image["format"]) == (10, 8, "png")
    assert image["caption"] == "one"
    assert image["masks"]["m"]["blob"].startswith("d8262e5c")
    assert image["boxes"]["p"]["size"] == 132
    images = only("imgs")
    assert images["_type"] == "images"
    assert [item["caption"] for item in images["items"]] == ["a", "b"]
    assert images["items"][1]["file"].endswith("1b1681e8da52bb1c95e8.png")
    assert images["items"][0]["width"] == 10
    assert only("imgs one")["items"][0]["masks"]["m"]["size"] == 73
    assert "caption" not in only("imgs nocap")["items"][0]
    assert only("audio")["format"] == "wav"
    assert [item["rate"] for item in only("audios")["items"]] == [8000, 8000]
    assert only("audios")["items"][1]["frames"] == 800
    assert only("video")["format"] == "gif"
    assert only("videos")["_type"] == "videos"
    assert only("html") == {"_type": "html", "blob": only("html")["blob"], "size": 114}
    assert len(only("htmls")["items"]) == 2
    assert only("HT%3ML _11")["_type"] == "html"
    table = only("table")
    assert (table["rows"], table["columns"], table["mode"]) == (2, 2, "IMMUTABLE")
    assert table["artifact"].endswith("/table.table.json")
    assert only("pts")["format"] == "pts.json"
    assert only("mol") == {**only("mol"), "_type": "molecule", "format": "pdb"}
    assert only("plotly")["_type"] == "plotly"
    for name in ("img", "imgs", "table", "audios"):
        assert all("blob" in r or "file" in r for r in media.references(only(name)))


def test_real_events_are_numbered_by_their_seconds():
    frame = rows_to_frame(EVENTS, 0, events=True)
    assert len(frame) == 4
    assert frame.steps.tolist() == [int(json.loads(line)["_runtime"]) for line in EVENTS]
    names = {column.name for column in frame.columns}
    assert {"system/memory_percent", "system/disk./.usageGB", "system/proc.cpu.threads"} <= names
    assert all(name.startswith("system/") for name in names)


def test_order_of_keys_and_cuts_do_not_matter():
    whole = rows_to_frame(HISTORY, 0)
    parts = [rows_to_frame([line], i) for i, line in enumerate(HISTORY)]
    for name in {column.name for column in whole.columns}:
        apart = {i: v for i, part in enumerate(parts) for v in values(part, name).values()}
        expected = values(whole, name)
        assert apart.keys() == expected.keys()
        assert json.dumps(list(apart.values())) == json.dumps(
            [int(v) if isinstance(apart[i], int) and not isinstance(v, bool) and isinstance(v, float) else v
             for i, v in expected.items()]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a":1e400}', math.inf),
        (b'{"a":-1e400}', -math.inf),
        (b'{"a":-Infinity}', -math.inf),
        (b'{"a":18446744073709551616}', 2**64),
        (b'{"a":9223372036854775808}', 2**63),
        (b'{"a":123456789012345678901234567890}', 123456789012345678901234567890),
        (b'{"a":"\\ud800"}', "\ud800"),
        (b'{"a":0.1}', 0.1),
        (b'{"a":5e-324}', 5e-324),
        (b'{"a":1,"a":2}', 2),
        (b'{"a":[NaN]}', None),
    ],
)
def test_what_strict_parsers_refuse_is_read(line: bytes, value: Any):
    found = parse_line(line)["a"]
    if value is None:
        assert math.isnan(found[0])
    else:
        assert found == value
        assert type(found) is type(value)
    (kept,) = values(rows_to_frame([line], 0), "a").values()
    assert kept == found or value is None


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[1]", b"3", b"null", b'{"a":}', b"\xff\xfe", b'{"a":1}{"b":2}', b"[" * 5000],
)
def test_a_malformed_line_takes_only_itself(line: bytes):
    with pytest.raises(ValueError, match=r"."):
        parse_line(line)
    lines = [b'{"_step":3,"_timestamp":5.0,"x":1.5}', line, b'{"_step":9,"_timestamp":6.0,"x":2.5}']
    assert [row is None for row in parse_lines(lines)] == [False, True, False]
    frame = rows_to_frame(lines, 10)
    assert values(frame, "x") == {0: 1.5, 2: 2.5}
    assert frame.steps.tolist() == [3, 11, 9]
    assert frame.times.tolist() == [5, 5, 6]


def test_what_cannot_be_written_again_is_left_out():
    deep = b'{"x":1,"deep":' + b"[" * 200 + b"]" * 200 + b"}"
    nested = b'{"x":2' + b',"n":{"a":1' * 100 + b"}" * 100 + b"}"
    frame = rows_to_frame([deep, nested, b'{"x":3,"huge":' + b"7" * 4300 + b"}"], 0)
    assert values(frame, "x") == {0: 1, 1: 2, 2: 3}
    assert not values(frame, "deep")
    decode_frame_payload(memoryview(encode_frame_record(frame))[12:-4])


def test_steps_that_are_none_become_numbers_of_lines():
    lines = [b'{"_step":"x","a":1}', b'{"_step":1e300,"a":1}', b'{"_step":4.0,"a":1}', b'{"a":1}']
    frame = rows_to_frame(lines, 7, now=50.0)
    assert frame.steps.tolist() == [7, 8, 4, 10]
    assert frame.times.tolist() == [50.0] * 4


def test_integers_among_floats_stay_exact():
    lines = [b'{"a":0.5}', b'{"a":9007199254740993}', b'{"a":3}', b'{"a":true}', b'{"a":null}']
    frame = rows_to_frame(lines, 0)
    found = values(frame, "a")
    assert found == {0: 0.5, 1: 9007199254740993, 2: 3.0, 3: True, 4: None}
    assert kinds(frame, "a") == {"f64", "i64", "bool", "object"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.sampled_from("abcd") | st.text(max_size=4), JSON), max_size=6))
def test_any_rows_make_a_frame_that_can_be_kept(rows: list[dict[str, Any]]):
    frame = rows_to_frame([json.dumps(row).encode() for row in rows], 0)
    assert len(frame) == len(rows)
    decoded = decode_frame_payload(memoryview(encode_frame_record(frame))[12:-4])
    assert len(decoded) == len(rows)
    own = ("_step", "_runtime", "_timestamp", "_wandb")
    dotted = {f"{k}." for row in rows for k in row}
    for i, row in enumerate(rows):
        for key, value in row.items():
            is_apart = key not in own and not any(key.startswith(prefix) for prefix in dotted)
            if isinstance(value, int | str | bool) and is_apart:
                assert values(frame, key)[i] == value


TYPES = [
    *("histogram", "image-file", "images/separated", "audio", "videos", "table-file", "html"),
    *("x-file", "image", "mesh"),
]


@given(JSON, st.sampled_from(TYPES))
def test_no_media_value_raises(inner: Any, name: str):
    for value in (
        {"_type": name, **(inner if isinstance(inner, dict) else {"values": inner, "path": inner})},
        {"_type": name, "values": [1, 2], "bins": inner, "filenames": inner, "path": "a.b"},
    ):
        found = convert(value)
        kind = media.media_of(found)
        assert kind is None or kind != "mesh"
        json.dumps(found)


def test_a_value_of_a_name_of_ours_is_not_taken_for_it():
    assert media.media_of(convert({"_type": "mesh", "vertices": 3})) is None
    assert media.media_of(convert({"_type": "histogram", "values": [1, 2], "bins": [1, 2]})) is None
    assert convert({"_type": "bokeh-file", "path": "media/x.bokeh.json", "sha256": "a" * 64, "size": 3}) == {
        "_type": "file", "blob": "a" * 64, "size": 3, "name": "x.bokeh.json", "format": "bokeh.json",
        "kind": "bokeh-file",
    }  # fmt: skip


def test_bins_of_equal_width_become_edges():
    bins = {"min": -1.0, "size": 0.5, "count": 3}
    packed = {"_type": "histogram", "values": [1, 2, 3], "packedBins": bins}
    assert media.unpack(convert(packed)["edges"]).tolist() == [-1.0, -0.5, 0.0, 0.5]
    constant = {"_type": "histogram", "values": [7], "bins": [2, 2]}
    assert np.asarray(media.unpack(convert(constant)["edges"])).tolist() == [2, 2]

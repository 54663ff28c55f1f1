"""Every odd thing that an event file can hold, and that each value comes out as it was written."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.formats import media, tfrecord
from epochal.formats.tfevents import EventReader, Events
from epochal.native import kernels as fastest
from epochal.native import plain
from tests.formats import event_bytes as made
from tests.formats import fuzzing
from tests.formats.event_bytes import (
    event,
    file_of,
    metadata,
    part,
    points,
    single,
    strings,
    summary,
    tensor,
)


def read(data: bytes) -> tuple[Events, EventReader]:
    reader = EventReader()
    return reader.read(data), reader


def series(events: Events, key: str, kind: str = "f64") -> list[tuple[int, float, Any]]:
    """Return (step, time, value) of a key, in order."""
    frame = events.frame
    for column in frame.columns:
        if (column.name, column.kind) == (key, kind):
            rows = range(len(frame)) if column.rows is None else column.rows.tolist()
            found: Any = column.values
            values = found if kind == "object" else found.tolist()
            steps, times = frame.steps.tolist(), frame.times.tolist()
            return [
                (steps[row], times[row], value) for row, value in zip(rows, values, strict=True)
            ]
    return []


def values(events: Events, key: str = "x", kind: str = "f64") -> list[Any]:
    return [value for _step, _time, value in series(events, key, kind)]


def steps(events: Events, key: str = "x") -> list[int]:
    return [step for step, _time, _value in series(events, key)]


# ------------------------------------------------------------------------------------------------ restarts


def test_points_without_a_step_are_all_kept():
    found, _ = read(file_of(*points((None, 1.0), (None, 2.0), (None, 3.0))))
    assert series(found, "x") == [(0, 100.0, 1.0), (0, 101.0, 2.0), (0, 102.0, 3.0)]


def test_steps_that_go_back_are_all_kept():
    found, _ = read(file_of(*points(*((step, float(step)) for step in (0, 1, 2, 3, 4, 2, 3)))))
    assert steps(found) == [0, 1, 2, 3, 4, 2, 3]


def test_two_values_of_one_tag_in_one_event_are_two_rows():
    twice = event(5.0, 7, summary(made.scalar("x", 1), made.scalar("x", 2), made.scalar("y", 3)))
    found, _ = read(file_of(twice))
    assert series(found, "x") == [(7, 5.0, 1.0), (7, 5.0, 2.0)]
    assert series(found, "y") == [(7, 5.0, 3.0)]


def test_the_start_of_a_session_purges_nothing():
    restart = [made.session_start(50.0, 3), *points((3, 30.0), (4, 40.0))]
    found, _ = read(file_of(*points((2, 2.0), (3, 3.0), (4, 4.0)), *restart))
    assert values(found) == [2.0, 3.0, 4.0, 30.0, 40.0]


@pytest.mark.parametrize("text", ["brain.Event:1", "", "brain.Event:two"])
def test_an_old_or_missing_version_changes_nothing(text):
    data = tfrecord.write_records([made.version(text=text), *points((5, 1.0), (3, 2.0))])
    assert values(read(data)[0]) == [1.0, 2.0]
    assert values(read(tfrecord.write_records(points((5, 1.0), (3, 2.0))))[0]) == [1.0, 2.0]


def test_the_version_may_come_later_and_again():
    one, two = points((0, 1.0), (1, 2.0))
    data = tfrecord.write_records([one, made.version(), two, made.version(writer="ours")])
    found, reader = read(data)
    assert values(found) == [1.0, 2.0]
    assert (reader.file_version, reader.writer) == ("brain.Event:2", "ours")


# ------------------------------------------------------------------------------------------------ damage


def test_a_torn_last_record_waits_for_the_rest():
    data = file_of(*points((0, 1.0), (1, 2.0)))
    reader = EventReader()
    first = reader.read(data[:-5])
    assert values(first) == [1.0]
    rest = reader.read(data[first.end :], first.end)
    assert (values(rest), rest.end) == ([2.0], len(data))


def test_a_wrong_payload_checksum_is_counted_and_its_value_shown():
    data = bytearray(file_of(*points((0, 1.0), (1, 2.0))))
    data[-1] ^= 1
    found, _ = read(bytes(data))
    assert (values(found), found.damaged, found.unreadable) == ([1.0, 2.0], 1, 0)


def test_a_record_that_is_no_event_is_left_out():
    one, two = points((0, 1.0), (1, 2.0))
    found, _ = read(file_of(one, b"\xff\xff\xff", two))
    assert (values(found), found.damaged, found.unreadable) == ([1.0, 2.0], 0, 1)


def test_a_wrong_length_is_where_reading_stops():
    data = bytearray(file_of(*points((0, 1.0), (1, 2.0))))
    place = [record.start for record in tfrecord.read_records(bytes(data))][1]  # type: ignore[union-attr]
    data[place] ^= 1
    found, _ = read(bytes(data))
    assert (found.end, found.lost) == (place, True)


@pytest.mark.parametrize("data", [b"", bytes(100), b"no events here" * 9])
def test_a_file_without_records_has_no_rows(data):
    found, _ = read(data)
    assert (len(found.frame), found.end) == (0, 0)


# ------------------------------------------------------------------------------------------------ numbers


def test_values_that_are_not_finite_stay_what_they_are():
    odd = [math.nan, math.inf, -math.inf, -0.0, 1e-45]
    found = values(read(file_of(*points(*enumerate(odd))))[0])
    expected = np.array(odd, dtype=np.float32).astype(np.float64)
    assert np.array(found).tobytes() == expected.tobytes()


def test_a_time_that_is_no_number_is_accepted():
    found, _ = read(file_of(*points((0, 1.0), (1, 2.0), time=math.nan)))
    assert values(found) == [1.0, 2.0]
    assert np.isnan(found.frame.times).all()


@pytest.mark.parametrize("step", [-1, -(2**63), 2**53 + 1, 2**63 - 1])
def test_steps_are_exact(step):
    assert steps(read(file_of(*points((step, 1.0))))[0]) == [step]


def test_times_may_go_back():
    late, early = points((0, 1.0), time=200.0), points((1, 2.0), time=100.0)
    assert [time for _, time, _ in series(read(file_of(*late, *early))[0], "x")] == [200.0, 100.0]


SCALARS = {
    "float": (tensor(1, (), made.part(5, struct.pack("<f", 1.5))), "f64", 1.5),
    "float unpacked": (tensor(1, (), made.single(5, 1.5)), "f64", 1.5),
    "float content": (tensor(1, (), made.part(4, struct.pack("<f", 1.5))), "f64", 1.5),
    "double": (tensor(2, (), made.part(6, struct.pack("<d", 1e300))), "f64", 1e300),
    "double of one": (tensor(2, (1,), made.part(6, struct.pack("<d", 1e300))), "f64", 1e300),
    "double of one by one": (tensor(2, (1, 1), made.part(4, struct.pack("<d", 0.1))), "f64", 0.1),
    "half": (tensor(19, (), made.part(13, made.varint(0x3E00))), "f64", 1.5),
    "bfloat16": (tensor(14, (), made.part(13, made.varint(0x3FC0))), "f64", 1.5),
    "half without a value": (tensor(19, ()), "f64", 0.0),
    "half of torch": (tensor(19, (), made.part(13, made.varint(0x3FC00000))), "f64", 1.5),
    "bfloat16 of torch": (tensor(14, (), made.part(13, made.varint(0x3FC00000))), "f64", 1.5),
    "negative half of torch": (
        tensor(19, (), made.part(13, made.varint(-0x40400000))),
        "f64",
        -1.5,
    ),
    "int32": (tensor(3, (), made.part(7, made.varint(-3))), "i64", -3),
    "int8": (tensor(6, (), made.part(7, made.varint(-3))), "i64", -3),
    "uint8": (tensor(4, (), made.part(4, b"\xff")), "i64", 255),
    "int64": (tensor(9, (), made.number(10, 2**53 + 1)), "i64", 2**53 + 1),
    "uint64": (tensor(23, (), made.number(17, 2**64 - 1)), "f64", float(2**64 - 1)),
    "uint32": (tensor(22, (), made.number(16, 2**32 - 1)), "i64", 2**32 - 1),
    "bool": (tensor(10, (), made.number(11, 1)), "bool", True),
    "zero": (tensor(1, ()), "f64", 0.0),
}


@pytest.mark.parametrize("name", SCALARS)
def test_scalars_of_every_type_are_exact(name):
    content, kind, expected = SCALARS[name]
    value = made.part(1, "x") + content + metadata("scalars")
    found, _ = read(file_of(event(1.0, 1, summary(value))))
    assert values(found, "x", kind) == [expected]
    assert len(found.frame.columns) == 1


def test_a_single_number_for_no_plugin_we_know_is_a_tensor():
    numbers = [(content, [expected]) for content, _, expected in SCALARS.values()]
    numbers.append((tensor(8, (), made.part(9, struct.pack("<2f", 1.5, -2.0))), [1.5, -2.0]))
    for content, expected in numbers:
        value = made.part(1, "x") + content + metadata("somebody's")
        found, _ = read(file_of(event(1.0, 1, summary(value))))
        [kept] = values(found, "x", "object")
        assert media.unpack(kept["data"]).tolist() == expected


@pytest.mark.parametrize("kind", [8, 18])  # complex64, complex128
@pytest.mark.parametrize(("field", "letter"), [(5, "f"), (6, "d"), (9, "f"), (12, "d")])
def test_complex_numbers_in_any_field_of_floats_are_read(kind: int, field: int, letter: str):
    content = tensor(kind, (), made.part(field, struct.pack(f"<3{letter}", 1.5, -2.0, 7.0)))
    found, _ = read(
        file_of(event(1.0, 1, summary(made.part(1, "x") + content + metadata("somebody's"))))
    )
    [kept] = values(found, "x", "object")
    assert media.unpack(kept["data"]).tolist() == [1.5, -2.0]


@pytest.mark.parametrize("kind", [14, 19])  # bfloat16, half
def test_floats_where_bits_belong_are_counted_and_the_next_value_is_read(kind: int):
    content = tensor(kind, (), made.part(6, struct.pack("<d", 1e300)))
    bad = event(1.0, 1, summary(made.part(1, "x") + content + metadata("scalars")))
    found, _ = read(file_of(bad, *points((2, 3.0))))
    assert values(found) == [3.0]
    assert found.unreadable == 1


def test_metadata_of_the_first_value_counts_for_those_after_it():
    content = tensor(1, (), made.single(5, 2.0))
    first = made.part(1, "x") + content + metadata("scalars")
    later = made.part(1, "x") + content
    found, _ = read(file_of(event(1.0, 0, summary(first)), event(2.0, 1, summary(later))))
    assert values(found) == [2.0, 2.0]


@pytest.mark.parametrize("kernels", [fastest, plain], ids=["fastest", "numpy"])
def test_names_and_descriptions_are_noted_once(kernels):
    def about(name: bytes) -> bytes:
        return part(9, part(1, part(1, "scalars")) + part(2, name) + part(3, b"*of* " + name))

    one = tensor(1, (), single(5, 2.5))
    events = [
        event(1, 0, summary(part(1, "old") + single(2, 1.5) + about(b"Old"))),
        event(2, 1, summary(part(1, "old") + single(2, 2.5) + about(b"Later"))),
        event(3, 0, summary(part(1, "new") + about(b"New") + one)),
        event(4, 1, summary(part(1, "new") + about(b"New") + one)),
        event(
            5,
            0,
            summary(
                part(1, "text")
                + part(9, part(1, part(1, "text")) + part(3, b"said"))
                + strings((), b"a")
            ),
        ),
        event(6, 0, summary(part(1, "plain") + single(2, 3.5) + part(9, b""))),
    ]
    reader = EventReader(kernels=kernels)
    found = reader.read(file_of(*events))
    assert (values(found, "old"), values(found, "new")) == ([1.5, 2.5], [2.5, 2.5])
    assert values(found, "plain") == [3.5]
    assert reader.names == {
        "old": {"display_name": "Old", "description": "*of* Old"},
        "new": {"display_name": "New", "description": "*of* New"},
        "text": {"description": "said"},
    }


def test_a_data_class_wins_over_the_name_of_the_plugin():
    value = made.part(1, "x") + tensor(2, (), made.double(6, 0.25)) + metadata("mine", b"", 1)
    assert values(read(file_of(event(1.0, 0, summary(value))))[0]) == [0.25]


def test_several_tags_in_one_event_are_one_row():
    found, _ = read(file_of(event(1.0, 3, summary(made.scalar("a", 1), made.scalar("b", 2)))))
    assert len(found.frame) == 1
    assert {column.name for column in found.frame.columns} == {"a", "b"}


@pytest.mark.parametrize("tag", ["", "a b", "a.b:c/d/e", "Wörter/損失", "x" * 300])
def test_any_tag_is_a_key(tag):
    assert values(read(file_of(*points((0, 1.0), tag=tag)))[0], tag) == [1.0]


def test_tags_that_are_no_utf8_stay_apart():
    two = [event(1.0, 0, summary(made.scalar(tag, 1.0))) for tag in (b"\xff", b"\xfe")]
    found, _ = read(file_of(*two))
    assert [column.name for column in found.frame.columns] == ["\\xff", "\\xfe"]


def test_a_tag_of_two_kinds_is_two_series():
    image = made.part(1, "x") + made.part(4, made.number(1, 2) + made.part(4, b"GIF89a\2\0\2\0"))
    found, _ = read(file_of(*points((0, 1.0)), event(2.0, 1, summary(image))))
    assert values(found) == [1.0]
    assert values(found, "x", "object")[0]["_type"] == "image"


def test_a_value_without_content_is_no_row():
    found, _ = read(file_of(event(1.0, 0, summary(made.part(1, "video")))))
    assert (len(found.frame), found.unreadable) == (0, 0)


def test_fields_of_later_versions_are_passed_over():
    later = made.number(77, 5) + made.part(78, b"new") + made.double(79, 1.0)
    value = made.scalar("x", 1.0) + later
    assert values(read(file_of(event(1.0, 0, summary(value)) + later))[0]) == [1.0]


# ------------------------------------------------------------------------------------------------ media


def one(*content: bytes, tag: str = "m") -> dict[str, Any]:
    found, _ = read(file_of(event(1.0, 0, summary(made.part(1, tag) + b"".join(content)))))
    (value,) = values(found, tag, "object")
    return value


def old_histogram(low, high, limits, counts) -> bytes:
    packed = [struct.pack(f"<{len(each)}d", *each) for each in (limits, counts)]
    facts = made.double(1, low) + made.double(2, high) + made.double(3, sum(counts))
    return made.part(5, facts + made.part(6, packed[0]) + made.part(7, packed[1]))


def test_an_old_histogram_loses_its_empty_ends_and_gets_its_extremes():
    huge = 1.7976931348623157e308
    value = one(old_histogram(-2.5, 3.5, [-3, -2, 0, 3, 4, huge], [0, 1, 0, 5, 2, 0]))
    assert media.unpack(value["edges"]).tolist() == [-2.5, -2, 0, 3, 3.5]
    assert media.unpack(value["counts"]).tolist() == [1, 0, 5, 2]
    assert (value["min"], value["max"], value["num"]) == (-2.5, 3.5, 8)


def test_an_empty_old_histogram_is_empty():
    value = one(old_histogram(0, 0, [1.0, 2.0], [0.0, 0.0]))
    assert media.unpack(value["counts"]).tolist() == [0]


def test_an_old_histogram_of_unequal_lists_is_shown_as_far_as_they_go():
    value = one(old_histogram(0, 2, [1.0, 2.0, 3.0], [4.0, 5.0]))
    assert media.unpack(value["counts"]).tolist() == [4, 5]


def test_a_histogram_of_rows_keeps_its_gaps_empty():
    rows = [(0.0, 1.0, 2.0), (1.0, 2.0, 3.0), (5.0, 6.0, 4.0)]
    raw = b"".join(struct.pack("<3d", *row) for row in rows)
    value = one(tensor(2, (3, 3), made.part(4, raw)), metadata("histograms"))
    assert media.unpack(value["edges"]).tolist() == [0, 1, 2, 5, 6]
    assert media.unpack(value["counts"]).tolist() == [2, 3, 0, 4]


def test_a_histogram_of_another_shape_is_a_tensor():
    value = one(tensor(1, (2,), made.part(5, struct.pack("<2f", 1, 2))), metadata("histograms"))
    assert (value["_type"], media.unpack(value["data"]).tolist()) == ("tensor", [1, 2])


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 7, 5) + bytes(5)


def bytes_at(data: bytes, reference: dict[str, Any]) -> bytes:
    record, start, size = reference["at"]
    payloads = {item.start: item.payload for item in tfrecord.read_records(data)}  # type: ignore[union-attr]
    return bytes(payloads[record][start : start + size])


@pytest.mark.parametrize("several", [1, 3])
def test_images_stay_in_the_file(several):
    pictures = [PNG + bytes([i]) for i in range(several)]
    value = made.part(1, "m") + made.strings((2 + several,), "7", "5", *pictures)
    data = file_of(event(1.0, 0, summary(value + metadata("images"))))
    (found,) = values(read(data)[0], "m", "object")
    items = found["items"] if several > 1 else [found]
    assert found["_type"] == ("images" if several > 1 else "image")
    assert [bytes_at(data, item) for item in items] == pictures
    assert {(item["format"], item["width"], item["height"]) for item in items} == {("png", 7, 5)}


def test_an_old_image_without_its_size_is_measured():
    value = one(made.part(4, made.part(4, PNG)))
    assert (value["width"], value["height"], value["format"]) == (7, 5, "png")


def wav(frames: int, rate: int = 8000) -> bytes:
    data = bytes(2 * frames)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_sounds_say_what_their_bytes_say():
    old = one(made.part(6, made.single(1, 1.0) + made.number(3, 9) + made.part(4, wav(20))))
    assert (old["rate"], old["channels"], old["frames"], old["format"]) == (8000.0, 1, 20, "wav")
    two = made.strings((2, 2), wav(3), "first", wav(4), "")
    new = one(two, metadata("audio"))
    assert [(item["frames"], item.get("caption")) for item in new["items"]] == [
        (3, "first"),
        (4, None),
    ]


def test_texts_of_any_rank():
    assert one(made.strings((), "# a"), metadata("text"))["text"] == "# a"
    assert one(made.strings((1,), "# a"), metadata("text"))["text"] == "# a"
    assert one(made.strings((2,), "a", "b"), metadata("text"))["cells"] == [["a"], ["b"]]
    square = one(made.strings((2, 2), "a", "b", "c", "d"), metadata("text"))
    assert square["cells"] == [["a", "b"], ["c", "d"]]
    deep = one(made.strings((2, 1, 2), "a", "b", "c", "d"), metadata("text"))
    assert (deep["cells"], deep["shape"]) == ([["a", "b"]], [2, 1, 2])


def test_a_precision_recall_curve_has_six_rows():
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    value = one(tensor(1, (6, 2), made.part(4, rows.tobytes())), metadata("pr_curves"))
    assert media.unpack(value["recall"]).tolist() == [10, 11]
    assert media.unpack(value["tp"]).tolist() == [0, 1]


def test_a_tensor_of_an_unknown_plugin_is_kept():
    constant = one(tensor(1, (2, 2), made.single(5, 7.0)), metadata("tensor"))
    assert media.unpack(constant["data"]).tolist() == [7, 7, 7, 7]
    assert (constant["shape"], constant["mean"]) == ([2, 2], 7.0)
    assert one(made.strings((), "raw"), metadata("mine"))["text"] == "raw"


def test_a_large_tensor_stays_in_the_file():
    raw = np.arange(50_000, dtype=np.float32).tobytes()
    value = made.part(1, "m") + tensor(1, (50_000,), made.part(5, raw)) + metadata("tensor")
    data = file_of(event(1.0, 0, summary(value)))
    (found,) = values(read(data)[0], "m", "object")
    assert bytes_at(data, found) == raw
    assert (found["dtype"], found["max"]) == ("<f4", 49_999.0)


def test_a_tensor_that_claims_too_much_is_only_named():
    found = one(tensor(1, (1 << 40,), made.single(5, 7.0)), metadata("tensor"))
    assert found == {"_type": "tensor", "dtype": "float32", "shape": [1 << 40]}


def mesh(name: str, kind: int, content: bytes) -> bytes:
    about = made.part(2, name) + made.number(3, kind) + made.number(7, 0b1110)
    return made.part(1, f"{name}_{kind}") + content + metadata("mesh", about)


@pytest.mark.parametrize("apart", [False, True])
def test_the_parts_of_a_mesh_are_one_value(apart):
    corners = np.arange(12, dtype=np.float32)
    faces = made.part(7, b"".join(made.varint(i) for i in (0, 1, 2)))
    parts = [
        mesh("m", 1, tensor(1, (1, 4, 3), made.part(5, corners.tobytes()))),
        mesh("m", 2, tensor(3, (1, 1, 3), faces)),
        mesh("m", 3, tensor(4, (1, 4, 3), made.part(4, bytes(range(12))))),
    ]
    groups = [[part] for part in parts] if apart else [parts]
    data = file_of(*(event(1.0, 5, summary(*group)) for group in groups))
    found, _ = read(data)
    (value,) = values(found, "m", "object")
    assert bytes_at(data, value["vertices"]) == corners.tobytes()
    assert value["faces"]["dtype"] == "<i4"
    assert np.frombuffer(found.blobs[0], "<i4").tolist() == [0, 1, 2]
    assert (value["colors"]["dtype"], value["colors"]["shape"]) == ("|u1", [1, 4, 3])


def test_graphs_are_referred_to():
    graph = made.part(1, made.part(1, "node"))
    data = file_of(
        event(1.0, None, made.part(4, graph)),
        event(2.0, None, made.part(8, made.part(1, "step1") + made.part(2, b"stats"))),
        event(3.0, None, made.part(9, made.part(2, b"left out"))),
    )
    found, _ = read(data)
    (value,) = values(found, "graph", "object")
    assert (bytes_at(data, value), value["format"]) == (graph, "graphdef")
    (profile,) = values(found, "graph/step1", "object")
    assert (bytes_at(data, profile), profile["format"]) == (b"stats", "profile")
    alone = file_of(event(3.0, None, made.part(9, made.part(2, graph))))
    assert bytes_at(alone, values(read(alone)[0], "graph", "object")[0]) == graph


def test_a_layout_of_charts():
    lines = made.part(1, "losses") + made.part(2, made.part(1, "loss/.*") + made.part(1, "x"))
    band = made.part(1, "band") + made.part(
        3, made.part(1, made.part(1, "a") + made.part(2, "b") + made.part(3, "c"))
    )
    group = made.part(1, "all") + made.part(2, lines) + made.part(2, band) + made.number(3, 1)
    value = one(made.strings((), made.part(2, group)), metadata("custom_scalars"))
    assert value["categories"] == [
        {
            "title": "all",
            "closed": True,
            "charts": [
                {"title": "losses", "multiline": ["loss/.*", "x"]},
                {"title": "band", "margin": [{"value": "a", "lower": "b", "upper": "c"}]},
            ],
        }
    ]


# ------------------------------------------------------------------------------------------------ hyperparameters


def hparams(*content: bytes) -> bytes:
    return event(1.0, 0, summary(made.part(1, "h") + metadata("hparams", b"".join(content))))


def entry(name: str, value: bytes) -> bytes:
    return made.part(1, made.part(1, name) + made.part(2, value))


def test_hyperparameters_are_the_configuration():
    start = made.part(
        3,
        entry("lr", made.double(2, 0.1))
        + entry("size", made.double(2, 32.0))
        + entry("name", made.part(3, "adam"))
        + entry("flag", made.number(4, 1))
        + entry("told", made.double(2, 1.0))
        + entry("none", made.number(1, 0))
        + entry("list", made.part(6, made.part(1, made.double(2, 2.0))))
        + made.part(4, "night"),
    )
    told = made.part(2, made.part(4, made.part(1, "told") + made.number(4, 2)))
    _, reader = read(
        file_of(hparams(start), hparams(told), hparams(made.part(4, made.number(1, 2))))
    )
    config = reader.hparams.config()
    assert config == {
        "lr": 0.1,
        "size": 32,
        "name": "adam",
        "flag": True,
        "told": True,
        "none": None,
        "list": [2],
    }
    assert config["told"] is True
    assert (reader.hparams.group, reader.hparams.state) == ("night", "failed")


# ------------------------------------------------------------------------------------------------ anything


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_payload_is_read_or_left_out(payload):
    found, _ = read(tfrecord.write_records([payload, *points((0, 1.0))]))
    assert 1.0 in values(found)
    assert not found.lost


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_never_stops_the_reader(random):
    kinds = [
        summary(made.part(1, "m") + made.strings((2,), "a", "b") + metadata("text")),
        summary(made.part(1, "h") + old_histogram(0, 2, [1.0, 2.0], [1.0, 2.0])),
        summary(mesh("m", 2, tensor(3, (1, 1, 3), made.part(7, b"\0\1\2")))),
        summary(made.part(1, "t") + tensor(1, (3,), made.part(5, bytes(12))) + metadata("t")),
        made.part(4, b"graph"),
    ]
    payload = bytearray(event(1.0, 2, random.draw(st.sampled_from(kinds))))
    for _ in range(random.draw(st.integers(1, 4))):
        payload[random.draw(st.integers(0, len(payload) - 1))] = random.draw(st.integers(0, 255))
    found, _ = read(tfrecord.write_records([bytes(payload), *points((0, 1.0))]))
    assert found.frame.steps[-1] == 0
    assert found.end > 0


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.floats(width=32, allow_nan=False),
            st.sampled_from(["a", "b/c", "", "ü"]),
            st.floats(allow_nan=False),
        ),
        max_size=30,
    ),
    st.integers(1, 60),
)
def test_any_scalars_read_back_in_any_pieces(rows, cut):
    events = [
        event(at_time, step, summary(made.scalar(tag, value))) for step, value, tag, at_time in rows
    ]
    data = file_of(*events)
    reader = EventReader()
    found: dict[str, list[tuple[int, float, float]]] = {}
    at = 0
    while at < len(data):
        size = cut
        piece = reader.read(data[at : at + size], at)
        while piece.end == at:
            size *= 2
            piece = reader.read(data[at : at + size], at)
        at = piece.end
        for key in {column.name for column in piece.frame.columns}:
            found.setdefault(key, []).extend(series(piece, key))
    expected: dict[str, list[tuple[int, float, float]]] = {}
    for step, value, tag, at_time in rows:
        expected.setdefault(tag, []).append((step, at_time, value))
    assert found == expected


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ten_minutes_of_damaged_input_for_each_reader():
    """Whatever bytes come, reading ends, memory is bounded, and a good record after them is found (fuzzing.py)."""
    seed = int(np.random.default_rng().integers(1 << 31))
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "tests.formats.fuzzing", name, "600", str(seed)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in fuzzing.readers()
    }
    said = {name: process.communicate()[0] for name, process in running.items()}
    failed = [said[name] for name, process in running.items() if process.returncode]
    assert not failed, "\n".join(failed)
    print("".join(said.values()))


@pytest.mark.parametrize("name", fuzzing.readers())
def test_the_first_damaged_inputs_of_each_reader(name):
    assert fuzzing.fuzz(name, 0.2, seed=7) > 0

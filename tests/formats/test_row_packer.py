"""Rows packed by one compiled call are the records that the layout encodes, or None."""

from __future__ import annotations

import gc
import sys
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from epochal.formats import row_packer as packers
from epochal.formats.journal import RowLayout
from epochal.formats.row_packer import number_packer, row_packer

LETTERS: dict[type, str] = {float: "d", int: "q", bool: "?"}
TIME = 1764342000.25

compiled = pytest.mark.skipif(
    packers._compiled is None, reason="system: the kernels are not compiled here"
)

values = st.one_of(
    st.floats(width=64), st.integers(min_value=-(2**63), max_value=2**63 - 1), st.booleans()
)


def layout_of(row: dict[str, Any]) -> RowLayout:
    return RowLayout(513, "".join(LETTERS.get(type(value), "d") for value in row.values()))


def pack(row: dict[str, Any], step: int = 7, like: dict[str, Any] | None = None) -> bytes | None:
    like = row if like is None else like
    call = row_packer(layout_of(like), tuple(like), tuple(map(type, like.values())))
    assert call is not None
    return call(row, step, TIME)


@compiled
@given(
    st.dictionaries(st.text(max_size=8), values, max_size=90),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
)
def test_record_is_the_one_that_the_layout_encodes(row: dict[str, Any], step: int) -> None:
    assert pack(row, step) == layout_of(row).encode(step, TIME, list(row.values()))


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1), st.floats(), st.floats(width=64))
def test_a_row_of_one_number_is_the_one_that_the_layout_encodes(
    step: int, time: float, value: float
) -> None:
    layout = RowLayout(513, "d")
    assert number_packer(layout, "loss")(step, time, value) == layout.encode(step, time, [value])


@compiled
@pytest.mark.parametrize("given", [(1 << 63, 1.0, 2.0), (1, "1", 2.0), (1, 1.0, None), (1, 1.0)])
def test_what_is_no_row_of_one_number_is_an_error(given: tuple[Any, ...]) -> None:
    with pytest.raises((OverflowError, TypeError)):
        number_packer(RowLayout(513, "d"), "loss")(*given)


@compiled
def test_keys_may_be_other_objects_of_the_same_text() -> None:
    like = {"a/loss": 0.5, "a/größe": 3}
    row = {"".join(["a/", name]): value for name, value in (("loss", 0.25), ("größe", 4))}
    assert all(one is not other for one, other in zip(row, like, strict=True))
    assert pack(row, like=like) == layout_of(like).encode(7, TIME, [0.25, 4])


@compiled
def test_values_of_types_derived_from_float_are_packed() -> None:
    class Named(float):
        def __float__(self) -> float:  # struct does not ask it either
            raise AssertionError

    for value in (np.float64(0.1), Named(0.1)):
        assert pack({"a": value}) == layout_of({"a": 0.1}).encode(7, TIME, [0.1])


@compiled
@pytest.mark.parametrize(
    "row",
    [
        {"b": 2, "a": 1.0},
        {"a": 1.0},
        {"a": 1.0, "b": 2, "c": 3},
        {"a": 1.0, "b": 2.0},
        {"a": 1, "b": 2},
        {"a": 1.0, "b": True},
        {"a": 1.0, "b": 2**63},
        {"a": 1.0, "b": -(2**63) - 1},
        {"a": 1.0, 2: 2},
        {"a": 1.0, "c": 2},
        {"a": None, "b": 2},
        {"a": np.float32(1.0), "b": 2},
        [("a", 1.0)],
        "ab",
        None,
        type("Dict", (dict,), {})({"a": 1.0, "b": 2}),
    ],
)
def test_other_rows_are_left_to_the_long_way(row: Any) -> None:
    assert pack(row, like={"a": 1.0, "b": 2}) is None


@compiled
def test_step_beyond_int64_is_left_to_the_long_way() -> None:
    assert pack({"a": 1.0}, 2**63) is None
    assert pack({"a": 1.0}, "7") is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("letters", "types"), [("dj", (float, str)), ("dd", (float, np.float32)), ("dq", (float, bool))]
)
def test_types_that_are_packed_elsewhere_have_no_packer(
    letters: str, types: tuple[type, ...]
) -> None:
    assert row_packer(RowLayout(1, letters), ("a", "b"), types) is None


def test_without_compiled_kernels_or_with_old_ones_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layout = RowLayout(1, "d")
    for found in (None, object()):
        monkeypatch.setattr(packers, "_compiled", found)
        assert row_packer(layout, ("a",), (float,)) is None


@compiled
def test_nothing_is_held_but_what_the_packer_needs() -> None:
    key, row = "".join(["long ", "key"]), {}
    row[key] = 123.456
    before = sys.getrefcount(key), sys.getrefcount(row[key]), sys.getrefcount(float)
    for _ in range(3):
        call = row_packer(layout_of(row), (key,), (float,))
        assert call is not None
        for step in range(1000):
            call(row, step, TIME)
            call({"other": 1.0}, step, TIME)
        del call
    gc.collect()
    assert (sys.getrefcount(key), sys.getrefcount(row[key])) == before[:2]
    assert abs(sys.getrefcount(float) - before[2]) < 100


@compiled
@pytest.mark.parametrize(
    "arguments",
    [
        (("a",), (float, float), "d", b""),
        (("a",), (float,), "j", b""),
        ((1,), (float,), "d", b""),
        (("a",), (3,), "d", b""),
    ],
)
def test_packer_of_what_does_not_fit_together_is_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match=r"keys|packed"):
        packers._compiled.RowPacker(*arguments)  # type: ignore[union-attr]

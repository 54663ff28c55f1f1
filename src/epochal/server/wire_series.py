"""The JSON of questions about series and history (docs/reference/http.md)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from epochal.errors import UsageError
from epochal.records import BandsQuery, SeriesQuery, Smoothing
from epochal.server.wire import NO_NUL, Cursor, KeyName, Mark, Uid

Runs = Annotated[list[Uid], Meta(max_length=10_000)]
Keys = Annotated[list[KeyName], Meta(max_length=1000)]
Pixels = Annotated[int, Meta(ge=1, le=20_000)]
Weight = Annotated[float, Meta(ge=0, lt=1)]


class MovingAverage(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="ema"):
    """A debiased exponential moving average; the weight of the past at each value."""

    weight: Weight

    def smoothing(self) -> Smoothing:
        """Return the store's form."""
        return Smoothing("ema", self.weight)


class TimeWeighted(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="time"):
    """The same with a weight that shrinks with the distance in x; a mean distance counts as one step."""

    weight: Weight

    def smoothing(self) -> Smoothing:
        """Return the store's form."""
        return Smoothing("time", self.weight)


class Gaussian(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="gaussian"):
    """A Gaussian over x, cut at three standard deviations; sigma is in units of x."""

    sigma: Annotated[float, Meta(gt=0, le=1e300)]

    def smoothing(self) -> Smoothing:
        """Return the store's form."""
        return Smoothing("gaussian", self.sigma)


class RunningMean(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", tag="mean"):
    """A centred running mean over a number of points."""

    window: Annotated[int, Meta(ge=2, le=2**31 - 1)]

    def smoothing(self) -> Smoothing:
        """Return the store's form."""
        return Smoothing("mean", self.window)


Smooth = MovingAverage | TimeWeighted | Gaussian | RunningMean


def check_axis(x: str, within: tuple[float, float] | None, *, log: bool) -> None:
    """Raise UsageError for an x axis or a range that means nothing."""
    if x not in ("step", "relative", "wall") and not (
        x.startswith("metric:") and len(x) > len("metric:")
    ):
        raise UsageError(f"x is {x[:100]!r}; expected step, relative, wall or metric:<key>")
    if within is not None and not within[0] <= within[1]:
        raise UsageError(f"range {list(within)} ends before it begins")
    if log and within is not None and not within[0] > 0:
        raise UsageError(f"range {list(within)} does not begin above 0, as a logarithmic axis does")


class SeriesRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which series, over which x, how wide, how smooth."""

    runs: Runs
    keys: Keys
    x: KeyName = "step"
    range: tuple[float, float] | None = None
    px: Pixels = 1000
    mode: Literal["auto", "points"] = "auto"
    since: Annotated[dict[Uid, Mark], Meta(max_length=10_000)] | None = None
    smooth: Smooth | None = None
    log: bool = False

    def query(self) -> SeriesQuery:
        """Return the store's form of the question. Raises UsageError for an x or a range that means nothing."""
        check_axis(self.x, self.range, log=self.log)
        return SeriesQuery(
            runs=self.runs,
            keys=self.keys,
            x=self.x,
            range=self.range,
            px=self.px,
            mode=self.mode,
            since=self.since,
            smooth=None if self.smooth is None else self.smooth.smoothing(),
            log=self.log,
        )


class Group(msgspec.Struct, forbid_unknown_fields=True):
    """Runs that are drawn together."""

    name: Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)]
    runs: Runs


class BandsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which groups and keys, over which x, as what centre and band."""

    groups: Annotated[list[Group], Meta(max_length=1000)]
    keys: Annotated[list[KeyName], Meta(max_length=100)]
    x: KeyName = "step"
    range: tuple[float, float] | None = None
    px: Pixels = 1000
    log: bool = False
    smooth: Smooth | None = None
    center: Literal["mean", "median", "min", "max"] = "mean"
    band: Literal["std", "se", "ci", "minmax", "iqr", "none"] = "std"

    def query(self) -> BandsQuery:
        """Return the store's form of the question. Raises UsageError for an x or a range that means nothing."""
        check_axis(self.x, self.range, log=self.log)
        return BandsQuery(
            groups=[(group.name, group.runs) for group in self.groups],
            keys=self.keys,
            x=self.x,
            range=self.range,
            px=self.px,
            log=self.log,
            smooth=None if self.smooth is None else self.smooth.smoothing(),
            center=self.center,
            band=self.band,
        )


class HistoryTableRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which runs and keys stand in the table."""

    runs: Annotated[list[Uid], Meta(max_length=1000)]
    keys: Keys


class HistoryRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which run and keys, from where on."""

    run: Uid
    keys: Annotated[list[KeyName], Meta(max_length=100_000)] | None = None
    after: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000_000

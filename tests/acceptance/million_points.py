"""A million points with one-step spikes and NaN among them, from a seed; run as a script, it logs them.

    python million_points.py PROJECT RUN_ID

Points from `SHOWN` on are logged when a line arrives on standard input, so that a page can watch them come.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

POINTS = 1_000_000
SPIKES = 85
NANS = 12
SHOWN = 900_000


def values() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return float64[POINTS] values and int64[SPIKES] places of the spikes."""
    random = np.random.default_rng(20261122)
    y = 1.5 * np.exp(-np.arange(POINTS) / POINTS * 4) + 0.05 * random.standard_normal(POINTS)
    places = random.choice(POINTS, SPIKES + NANS, replace=False)
    spikes = np.sort(places[:SPIKES])
    y[spikes] += random.choice([-1.0, 1.0], SPIKES) * random.uniform(0.5, 2.0, SPIKES)
    y[places[SPIKES:]] = np.nan
    return y, spikes


def main(project: str, run_id: str) -> None:
    """Log the points, the last tenth of them only when told to."""
    import epochal

    y = values()[0].tolist()
    with epochal.init(project=project, id=run_id) as run:
        for step in range(SHOWN):
            run.log({"v": y[step]}, step=step)
        sys.stdin.readline()
        for step in range(SHOWN, POINTS):
            run.log({"v": y[step]}, step=step)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

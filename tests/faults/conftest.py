"""Plant in this process what `EPOCHAL_TEST_PLANT` names (see `plants`); nothing without it."""

from __future__ import annotations

from tests.faults import plants

if plants.ACTIVE is not None:
    plants.PLANTS[plants.ACTIVE].apply()

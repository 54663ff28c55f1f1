"""The last, smallest and largest finite value of each series, and those of what is stored already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from epochal.store.backfill import fill_latest_and_extremes

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and fill them."""
    for name, kind in (
        ("latest", sa.Double),
        ("latest_row", sa.BigInteger),
        ("lowest", sa.Double),
        ("highest", sa.Double),
    ):
        op.add_column("series", sa.Column(name, kind))
    fill_latest_and_extremes(op.get_bind())

"""Blobs, the media of object series, and the files that writers' rows are read from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and create the tables."""
    op.add_column("series", sa.Column("media", sa.Text))
    op.add_column("writer", sa.Column("source", sa.Text))
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "blob_piece",
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "blob_ref",
        sa.Column("run_uid", sa.Text, sa.ForeignKey("run.uid"), primary_key=True),
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest"), primary_key=True),
    )
    op.create_index("ix_blob_ref_digest", "blob_ref", ["digest"])
    if op.get_bind().dialect.name == "postgresql":
        # Images and sounds are compressed already.
        op.execute("ALTER TABLE blob_piece ALTER COLUMN data SET STORAGE EXTERNAL")

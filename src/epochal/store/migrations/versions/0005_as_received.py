"""Sessions and lines of clients that send lines, files and alerts of runs, and blobs in files of their own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the columns and create the tables."""
    op.add_column("run", sa.Column("stop_requested", sa.Double))
    op.add_column("writer", sa.Column("patience", sa.Double))
    op.add_column("blob", sa.Column("md5", sa.Text))
    op.add_column("blob", sa.Column("place", sa.Text))
    op.create_index("ix_blob_md5", "blob", ["md5"])
    gone = sa.text("place = 'gone'")
    op.create_index("ix_blob_gone", "blob", ["digest"], sqlite_where=gone, postgresql_where=gone)
    op.create_table(
        "client_session",
        _run(primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("events_writer", sa.Text),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("branch_run", sa.Text),
        sa.Column("branch_step", sa.BigInteger),
    )
    op.create_table(
        "line_file",
        sa.Column("id", Identity, primary_key=True),
        _run(nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("name", sa.SmallInteger, nullable=False),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("lines", "missing", "size", "stored")
        ),
        sa.Column("parent_id", Identity),
        sa.Column("base", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("run_uid", "attempt", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_line_file_parent", "line_file", ["parent_id"])
    op.create_table(
        "line_chunk",
        sa.Column(
            "file_id",
            Identity,
            sa.ForeignKey("line_file.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("line0", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "derivation",
        _run(primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("rewinds", sa.Boolean, nullable=False),
    )
    op.create_table(
        "run_file",
        _run(primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest"), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("md5", sa.Text),
        sa.Column("mimetype", sa.Text),
        sa.Column("updated", sa.Double, nullable=False),
    )
    op.create_index("ix_run_file_digest", "run_file", ["digest"])
    op.create_table(
        "alert",
        sa.Column("id", Identity, primary_key=True),
        _run(nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("title", "text", "level")),
        sa.Column("created", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_run_uid", "alert", ["run_uid"])
    if op.get_bind().dialect.name == "postgresql":
        # Compressed already.
        op.execute("ALTER TABLE line_chunk ALTER COLUMN data SET STORAGE EXTERNAL")


def _run(**options: Any) -> sa.Column[str]:
    return sa.Column("run_uid", sa.Text, sa.ForeignKey("run.uid"), **options)

"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "entity",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "project",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("entity", sa.Text, sa.ForeignKey("entity.name"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("next_ordinal", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("entity", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("project_id", Identity, sa.ForeignKey("project.id"), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("color", sa.Integer),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("updated", sa.Double, nullable=False),
        sa.Column("finished", sa.Double),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("trashed", sa.Double),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("doc", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "writer",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("uid", sa.Text, nullable=False, unique=True),
        sa.Column("run_uid", sa.Text, sa.ForeignKey("run.uid"), nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("rank", sa.Integer),
        sa.Column("host", sa.Text),
        sa.Column("pid", sa.BigInteger),
        sa.Column("parent", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("acknowledged", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("folded", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger),
        sa.Column("schemas", sa.LargeBinary, nullable=False),
        sa.Column("damage", sa.Integer, nullable=False),
        sa.Column("dropped", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "series",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("run_uid", sa.Text, sa.ForeignKey("run.uid"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("run_uid", "name", "kind"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tail",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("writer_id", Identity, sa.ForeignKey("writer.id"), nullable=False),
        sa.Column("row0", sa.BigInteger, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("sparse", sa.Boolean, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "axis",
        sa.Column(
            "writer_id", Identity, sa.ForeignKey("writer.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("row0", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "block",
        sa.Column(
            "series_id", Identity, sa.ForeignKey("series.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("writer_id", Identity, primary_key=True, autoincrement=False),
        sa.Column("row0", sa.BigInteger, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("own_axis", sa.Boolean, nullable=False),
        sa.Column("step_min", sa.BigInteger, nullable=False),
        sa.Column("step_max", sa.BigInteger, nullable=False),
        sa.Column("time_min", sa.Double, nullable=False),
        sa.Column("time_max", sa.Double, nullable=False),
        sa.Column("sorted", sa.Boolean, nullable=False),
        sa.Column("flags", sa.SmallInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "pyramid",
        sa.Column(
            "series_id", Identity, sa.ForeignKey("series.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("writer_id", Identity, primary_key=True, autoincrement=False),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("segment", sa.Integer, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tombstone",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("deleted", sa.Double, nullable=False),
    )
    op.create_index("ix_run_project_version", "run", ["project_id", "version"])
    op.create_index("ix_run_project_state", "run", ["project_id", "trashed", "archived", "state"])
    op.create_index(
        "uq_run_name",
        "run",
        ["project_id", "id"],
        unique=True,
        sqlite_where=sa.text("trashed IS NULL"),
        postgresql_where=sa.text("trashed IS NULL"),
    )
    op.create_index("ix_writer_run_uid", "writer", ["run_uid"])
    op.create_index("ix_tail_writer", "tail", ["writer_id", "row0"])
    if op.get_bind().dialect.name == "postgresql":
        # The blobs are compressed already: PostgreSQL need not try again.
        for table in ("axis", "block", "pyramid", "tail"):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL")

"""Sweeps: searches, the agents that ask for their runs, and the points that were given to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "sweep",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("project_id", Identity, sa.ForeignKey("project.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("display_name", "description")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "state", "config")),
        *(sa.Column(name, sa.Text) for name in ("controller", "scheduler", "launch")),
        sa.Column("prior_runs", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("seed", "version", "trials")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("created", "updated")),
        *(sa.Column(name, sa.Double) for name in ("heartbeat", "deleted")),
        sa.UniqueConstraint("project_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sweep_agent",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("sweep_id", Identity, sa.ForeignKey("sweep.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("host", "state")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("created", "heartbeat")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sweep_agent_sweep_id", "sweep_agent", ["sweep_id"])
    op.create_table(
        "sweep_trial",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("sweep_id", Identity, sa.ForeignKey("sweep.id"), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("point", "arguments")),
        sa.Column("agent_id", Identity, sa.ForeignKey("sweep_agent.id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("state", "run_uid", "run_id")),
        sa.Column("issued", sa.Double, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("stopped", sa.Double),
        sa.UniqueConstraint("sweep_id", "number", "attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sweep_trial_agent_id", "sweep_trial", ["agent_id"])
    op.create_index("ix_sweep_trial_run_uid", "sweep_trial", ["run_uid"])

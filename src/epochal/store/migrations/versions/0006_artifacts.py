"""Artifacts: types, collections, versions, their files, and what has arrived for those on their way."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

Identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_versions()
    _create_contents()


def _create_versions() -> None:
    op.create_table(
        "artifact_type",
        sa.Column("id", Identity, primary_key=True),
        _key("project_id", "project.id", nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("created", sa.Double, nullable=False),
        sa.UniqueConstraint("project_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "artifact_collection",
        sa.Column("id", Identity, primary_key=True),
        _key("project_id", "project.id", nullable=False),
        _key("type_id", "artifact_type.id", nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("created", "updated")),
        sa.Column("next_version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("project_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_collection_type_id", "artifact_collection", ["type_id"])
    op.create_table(
        "artifact",
        sa.Column("id", Identity, primary_key=True),
        _key("collection_id", "artifact_collection.id", nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger),
        sa.Column("digest", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("description", "metadata")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("size", "files")),
        *(sa.Column(name, sa.BigInteger) for name in ("ttl", "history_step")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tags", "wanted")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("created", "updated")),
        sa.Column("owner", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("run_uid", "distributed_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_digest", "artifact", ["collection_id", "digest"])
    op.create_index("ix_artifact_state", "artifact", ["state", "created"])
    op.create_table(
        "artifact_member",
        sa.Column("id", Identity, primary_key=True),
        _key("collection_id", "artifact_collection.id", nullable=False),
        _key("artifact_id", "artifact.id", nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.UniqueConstraint("collection_id", "version"),
        sa.UniqueConstraint("collection_id", "artifact_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_member_artifact_id", "artifact_member", ["artifact_id"])
    op.create_table(
        "artifact_alias",
        sa.Column("id", Identity, primary_key=True),
        _key("collection_id", "artifact_collection.id", nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _key("artifact_id", "artifact.id", nullable=False),
        sa.UniqueConstraint("collection_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_alias_artifact_id", "artifact_alias", ["artifact_id"])
    op.create_table(
        "artifact_client",
        sa.Column("client_id", sa.Text, primary_key=True),
        _key("artifact_id", "artifact.id"),
        _key("collection_id", "artifact_collection.id"),
    )
    op.create_index("ix_artifact_client_artifact_id", "artifact_client", ["artifact_id"])
    op.create_index("ix_artifact_client_collection_id", "artifact_client", ["collection_id"])
    op.create_table(
        "artifact_run",
        sa.Column("run_uid", sa.Text, primary_key=True),
        _key("artifact_id", "artifact.id", primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_index("ix_artifact_run_artifact_id", "artifact_run", ["artifact_id"])


def _create_contents() -> None:
    op.create_table(
        "artifact_manifest",
        sa.Column("id", Identity, primary_key=True),
        _key("artifact_id", "artifact.id", nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("base_id", Identity),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("md5", sa.Text),
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_manifest_artifact_id", "artifact_manifest", ["artifact_id"])
    op.create_index("ix_artifact_manifest_digest", "artifact_manifest", ["digest"])
    op.create_table(
        "artifact_upload",
        _key("artifact_id", "artifact.id", primary_key=True),
        sa.Column("md5", sa.Text, primary_key=True),
        _digest(),
    )
    op.create_index("ix_artifact_upload_digest", "artifact_upload", ["digest"])
    op.create_table(
        "artifact_part",
        _key("artifact_id", "artifact.id", primary_key=True),
        sa.Column("md5", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        _digest(),
    )
    op.create_index("ix_artifact_part_digest", "artifact_part", ["digest"])
    op.create_table(
        "artifact_file",
        _key("artifact_id", "artifact.id", primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("path", "md5")),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest")),
        sa.Column("reference", sa.Text),
    )
    op.create_index("ix_artifact_file_digest", "artifact_file", ["digest"])


def _key(name: str, target: str, **options: Any) -> sa.Column[int]:
    return sa.Column(name, Identity, sa.ForeignKey(target), **options)


def _digest() -> sa.Column[str]:
    return sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest"), nullable=False)

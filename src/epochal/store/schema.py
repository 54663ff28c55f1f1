"""The statements that make an empty store: what `tables` declares, as text, so that a start needs no SQLAlchemy.

A test (tests/store/test_schema.py) holds this module, `tables` and the migrations to each other.
"""

from __future__ import annotations

import time
from typing import Any

from epochal.errors import EnvironmentFault
from epochal.store.engine import Database, Dialect, PostgresDatabase, SqliteDatabase

REVISION = "0007"
"""The newest migration in `store/migrations/versions`."""

# fmt: off
STATEMENTS: dict[Dialect, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TABLE blob (digest TEXT NOT NULL, size BIGINT NOT NULL, complete BOOLEAN NOT NULL, created "
        "DOUBLE NOT NULL, md5 TEXT, place TEXT, CONSTRAINT pk_blob PRIMARY KEY (digest))",
        "CREATE INDEX ix_blob_gone ON blob (digest) WHERE place = 'gone'",
        "CREATE INDEX ix_blob_md5 ON blob (md5)",
        "CREATE TABLE entity (name TEXT NOT NULL, created DOUBLE NOT NULL, CONSTRAINT pk_entity PRIMARY KEY "
        "(name))",
        "CREATE TABLE saved_query (entity TEXT NOT NULL, hash TEXT NOT NULL, address TEXT NOT NULL, created "
        "DOUBLE NOT NULL, CONSTRAINT pk_saved_query PRIMARY KEY (entity, hash))",
        "CREATE TABLE tombstone (uid TEXT NOT NULL, deleted DOUBLE NOT NULL, CONSTRAINT pk_tombstone "
        "PRIMARY KEY (uid))",
        "CREATE TABLE blob_piece (digest TEXT NOT NULL, start BIGINT NOT NULL, data BLOB NOT NULL, "
        "CONSTRAINT pk_blob_piece PRIMARY KEY (digest, start), CONSTRAINT fk_blob_piece_digest FOREIGN "
        "KEY(digest) REFERENCES blob (digest))",
        "CREATE TABLE project (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, entity TEXT NOT NULL, name "
        "TEXT NOT NULL, owner TEXT NOT NULL, created DOUBLE NOT NULL, updated DOUBLE NOT NULL, version "
        "BIGINT NOT NULL, next_ordinal BIGINT NOT NULL, CONSTRAINT uq_project_entity_name UNIQUE (entity, "
        "name), CONSTRAINT fk_project_entity FOREIGN KEY(entity) REFERENCES entity (name))",
        "CREATE TABLE artifact_type (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT "
        "NULL, name TEXT NOT NULL, description TEXT, created DOUBLE NOT NULL, CONSTRAINT "
        "uq_artifact_type_project_id_name UNIQUE (project_id, name), CONSTRAINT fk_artifact_type_project_id "
        "FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE TABLE run (uid TEXT NOT NULL, project_id INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT "
        "NULL, owner TEXT NOT NULL, state TEXT NOT NULL, ordinal BIGINT NOT NULL, color INTEGER, created "
        "DOUBLE NOT NULL, updated DOUBLE NOT NULL, finished DOUBLE, duration DOUBLE NOT NULL, archived "
        "BOOLEAN NOT NULL, trashed DOUBLE, rows BIGINT NOT NULL, last_step BIGINT, version BIGINT NOT NULL, "
        "doc BLOB NOT NULL, stop_requested DOUBLE, CONSTRAINT pk_run PRIMARY KEY (uid), CONSTRAINT "
        "fk_run_project_id FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE INDEX ix_run_project_state ON run (project_id, trashed, archived, state)",
        "CREATE INDEX ix_run_project_version ON run (project_id, version)",
        "CREATE UNIQUE INDEX uq_run_name ON run (project_id, id) WHERE trashed IS NULL",
        "CREATE TABLE saved_view (id TEXT NOT NULL, project_id INTEGER NOT NULL, name TEXT NOT NULL, "
        "address TEXT NOT NULL, owner TEXT NOT NULL, created DOUBLE NOT NULL, updated DOUBLE NOT NULL, "
        "deleted DOUBLE, CONSTRAINT pk_saved_view PRIMARY KEY (id), CONSTRAINT fk_saved_view_project_id "
        "FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE INDEX ix_saved_view_project_id ON saved_view (project_id)",
        "CREATE TABLE sweep (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, "
        "name TEXT NOT NULL, display_name TEXT, description TEXT, owner TEXT NOT NULL, state TEXT NOT NULL, "
        "config TEXT NOT NULL, controller TEXT, scheduler TEXT, launch TEXT, prior_runs TEXT NOT NULL, seed "
        "BIGINT NOT NULL, version BIGINT NOT NULL, trials BIGINT NOT NULL, created DOUBLE NOT NULL, updated "
        "DOUBLE NOT NULL, heartbeat DOUBLE, deleted DOUBLE, CONSTRAINT uq_sweep_project_id_name UNIQUE "
        "(project_id, name), CONSTRAINT fk_sweep_project_id FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE TABLE alert (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_uid TEXT NOT NULL, title "
        "TEXT NOT NULL, text TEXT NOT NULL, level TEXT NOT NULL, created DOUBLE NOT NULL, CONSTRAINT "
        "fk_alert_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE INDEX ix_alert_run_uid ON alert (run_uid)",
        "CREATE TABLE artifact_collection (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, project_id "
        "INTEGER NOT NULL, type_id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, description "
        "TEXT, tags TEXT NOT NULL, created DOUBLE NOT NULL, updated DOUBLE NOT NULL, next_version BIGINT "
        "NOT NULL, CONSTRAINT uq_artifact_collection_project_id_name UNIQUE (project_id, name), CONSTRAINT "
        "fk_artifact_collection_project_id FOREIGN KEY(project_id) REFERENCES project (id), CONSTRAINT "
        "fk_artifact_collection_type_id FOREIGN KEY(type_id) REFERENCES artifact_type (id))",
        "CREATE INDEX ix_artifact_collection_type_id ON artifact_collection (type_id)",
        "CREATE TABLE blob_ref (run_uid TEXT NOT NULL, digest TEXT NOT NULL, CONSTRAINT pk_blob_ref PRIMARY "
        "KEY (run_uid, digest), CONSTRAINT fk_blob_ref_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid), "
        "CONSTRAINT fk_blob_ref_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_blob_ref_digest ON blob_ref (digest)",
        "CREATE TABLE client_session (run_uid TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT "
        "NULL, writer TEXT NOT NULL, events_writer TEXT, started DOUBLE NOT NULL, branch_run TEXT, "
        "branch_step BIGINT, CONSTRAINT pk_client_session PRIMARY KEY (run_uid, number), CONSTRAINT "
        "fk_client_session_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE derivation (run_uid TEXT NOT NULL, attempt INTEGER NOT NULL, writer TEXT NOT NULL, "
        "done BIGINT NOT NULL, until BIGINT NOT NULL, rewinds BOOLEAN NOT NULL, CONSTRAINT pk_derivation "
        "PRIMARY KEY (run_uid), CONSTRAINT fk_derivation_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE line_file (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_uid TEXT NOT NULL, "
        "attempt INTEGER NOT NULL, name SMALLINT NOT NULL, lines BIGINT NOT NULL, missing BIGINT NOT NULL, "
        "size BIGINT NOT NULL, stored BIGINT NOT NULL, parent_id INTEGER, base BIGINT NOT NULL, CONSTRAINT "
        "uq_line_file_run_uid_attempt_name UNIQUE (run_uid, attempt, name), CONSTRAINT fk_line_file_run_uid "
        "FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE INDEX ix_line_file_parent ON line_file (parent_id)",
        "CREATE TABLE run_file (run_uid TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, size "
        "BIGINT NOT NULL, md5 TEXT, mimetype TEXT, updated DOUBLE NOT NULL, CONSTRAINT pk_run_file PRIMARY "
        "KEY (run_uid, name), CONSTRAINT fk_run_file_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid), "
        "CONSTRAINT fk_run_file_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_run_file_digest ON run_file (digest)",
        "CREATE TABLE series (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, run_uid TEXT NOT NULL, name "
        "TEXT NOT NULL, kind TEXT NOT NULL, created DOUBLE NOT NULL, count BIGINT NOT NULL, latest DOUBLE, "
        "latest_row BIGINT, lowest DOUBLE, highest DOUBLE, media TEXT, CONSTRAINT "
        "uq_series_run_uid_name_kind UNIQUE (run_uid, name, kind), CONSTRAINT fk_series_run_uid FOREIGN "
        "KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE sweep_agent (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, sweep_id INTEGER NOT "
        "NULL, name TEXT NOT NULL, host TEXT NOT NULL, state TEXT NOT NULL, created DOUBLE NOT NULL, "
        "heartbeat DOUBLE NOT NULL, CONSTRAINT fk_sweep_agent_sweep_id FOREIGN KEY(sweep_id) REFERENCES "
        "sweep (id), CONSTRAINT uq_sweep_agent_name UNIQUE (name))",
        "CREATE INDEX ix_sweep_agent_sweep_id ON sweep_agent (sweep_id)",
        "CREATE TABLE writer (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL, run_uid "
        "TEXT NOT NULL, ordinal INTEGER NOT NULL, label TEXT, rank INTEGER, host TEXT, pid BIGINT, parent "
        "TEXT, state TEXT NOT NULL, started DOUBLE NOT NULL, ended DOUBLE, seen DOUBLE NOT NULL, "
        "acknowledged BIGINT NOT NULL, rows BIGINT NOT NULL, folded BIGINT NOT NULL, last_step BIGINT, "
        "schemas BLOB NOT NULL, damage INTEGER NOT NULL, dropped BIGINT NOT NULL, source TEXT, patience "
        "DOUBLE, CONSTRAINT uq_writer_uid UNIQUE (uid), CONSTRAINT fk_writer_run_uid FOREIGN KEY(run_uid) "
        "REFERENCES run (uid))",
        "CREATE INDEX ix_writer_run_uid ON writer (run_uid)",
        "CREATE TABLE artifact (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, collection_id INTEGER NOT "
        "NULL, state TEXT NOT NULL, version BIGINT, digest TEXT NOT NULL, description TEXT, metadata TEXT, "
        "size BIGINT NOT NULL, files BIGINT NOT NULL, ttl BIGINT, history_step BIGINT, tags TEXT NOT NULL, "
        "wanted TEXT NOT NULL, created DOUBLE NOT NULL, updated DOUBLE NOT NULL, owner TEXT NOT NULL, "
        "run_uid TEXT, distributed_id TEXT, CONSTRAINT fk_artifact_collection_id FOREIGN KEY(collection_id) "
        "REFERENCES artifact_collection (id))",
        "CREATE INDEX ix_artifact_digest ON artifact (collection_id, digest)",
        "CREATE INDEX ix_artifact_state ON artifact (state, created)",
        "CREATE TABLE axis (writer_id INTEGER NOT NULL, row0 BIGINT NOT NULL, n INTEGER NOT NULL, data BLOB "
        "NOT NULL, CONSTRAINT pk_axis PRIMARY KEY (writer_id, row0), CONSTRAINT fk_axis_writer_id FOREIGN "
        "KEY(writer_id) REFERENCES writer (id))",
        "CREATE TABLE block (series_id INTEGER NOT NULL, writer_id INTEGER NOT NULL, row0 BIGINT NOT NULL, "
        "n INTEGER NOT NULL, own_axis BOOLEAN NOT NULL, step_min BIGINT NOT NULL, step_max BIGINT NOT NULL, "
        "time_min DOUBLE NOT NULL, time_max DOUBLE NOT NULL, sorted BOOLEAN NOT NULL, flags SMALLINT NOT "
        "NULL, data BLOB NOT NULL, CONSTRAINT pk_block PRIMARY KEY (series_id, writer_id, row0), CONSTRAINT "
        "fk_block_series_id FOREIGN KEY(series_id) REFERENCES series (id))",
        "CREATE TABLE line_chunk (file_id INTEGER NOT NULL, line0 BIGINT NOT NULL, n INTEGER NOT NULL, size "
        "INTEGER NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_line_chunk PRIMARY KEY (file_id, line0), "
        "CONSTRAINT fk_line_chunk_file_id FOREIGN KEY(file_id) REFERENCES line_file (id))",
        "CREATE TABLE pyramid (series_id INTEGER NOT NULL, writer_id INTEGER NOT NULL, level INTEGER NOT "
        "NULL, segment INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, CONSTRAINT pk_pyramid "
        "PRIMARY KEY (series_id, writer_id, level, segment), CONSTRAINT fk_pyramid_series_id FOREIGN "
        "KEY(series_id) REFERENCES series (id))",
        "CREATE TABLE sweep_trial (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, sweep_id INTEGER NOT "
        "NULL, number BIGINT NOT NULL, attempt INTEGER NOT NULL, point TEXT NOT NULL, arguments TEXT NOT "
        "NULL, agent_id INTEGER, state TEXT NOT NULL, run_uid TEXT NOT NULL, run_id TEXT NOT NULL, issued "
        "DOUBLE NOT NULL, times INTEGER NOT NULL, stopped DOUBLE, CONSTRAINT "
        "uq_sweep_trial_sweep_id_number_attempt UNIQUE (sweep_id, number, attempt), CONSTRAINT "
        "fk_sweep_trial_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweep (id), CONSTRAINT "
        "fk_sweep_trial_agent_id FOREIGN KEY(agent_id) REFERENCES sweep_agent (id))",
        "CREATE INDEX ix_sweep_trial_agent_id ON sweep_trial (agent_id)",
        "CREATE INDEX ix_sweep_trial_run_uid ON sweep_trial (run_uid)",
        "CREATE TABLE tail (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, writer_id INTEGER NOT NULL, row0 "
        "BIGINT NOT NULL, n INTEGER NOT NULL, sparse BOOLEAN NOT NULL, data BLOB NOT NULL, CONSTRAINT "
        "fk_tail_writer_id FOREIGN KEY(writer_id) REFERENCES writer (id))",
        "CREATE INDEX ix_tail_writer ON tail (writer_id, row0)",
        "CREATE TABLE artifact_alias (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, collection_id INTEGER "
        "NOT NULL, name TEXT NOT NULL, artifact_id INTEGER NOT NULL, CONSTRAINT "
        "uq_artifact_alias_collection_id_name UNIQUE (collection_id, name), CONSTRAINT "
        "fk_artifact_alias_collection_id FOREIGN KEY(collection_id) REFERENCES artifact_collection (id), "
        "CONSTRAINT fk_artifact_alias_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_alias_artifact_id ON artifact_alias (artifact_id)",
        "CREATE TABLE artifact_client (client_id TEXT NOT NULL, artifact_id INTEGER, collection_id INTEGER, "
        "CONSTRAINT pk_artifact_client PRIMARY KEY (client_id), CONSTRAINT fk_artifact_client_artifact_id "
        "FOREIGN KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT fk_artifact_client_collection_id "
        "FOREIGN KEY(collection_id) REFERENCES artifact_collection (id))",
        "CREATE INDEX ix_artifact_client_artifact_id ON artifact_client (artifact_id)",
        "CREATE INDEX ix_artifact_client_collection_id ON artifact_client (collection_id)",
        "CREATE TABLE artifact_file (artifact_id INTEGER NOT NULL, place BIGINT NOT NULL, path TEXT NOT "
        "NULL, md5 TEXT NOT NULL, size BIGINT NOT NULL, digest TEXT, reference TEXT, CONSTRAINT "
        "pk_artifact_file PRIMARY KEY (artifact_id, place), CONSTRAINT fk_artifact_file_artifact_id FOREIGN "
        "KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT fk_artifact_file_digest FOREIGN KEY(digest) "
        "REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_file_digest ON artifact_file (digest)",
        "CREATE TABLE artifact_manifest (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, artifact_id INTEGER "
        "NOT NULL, kind TEXT NOT NULL, base_id INTEGER, name TEXT NOT NULL, md5 TEXT, digest TEXT, "
        "CONSTRAINT fk_artifact_manifest_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), "
        "CONSTRAINT fk_artifact_manifest_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_manifest_artifact_id ON artifact_manifest (artifact_id)",
        "CREATE INDEX ix_artifact_manifest_digest ON artifact_manifest (digest)",
        "CREATE TABLE artifact_member (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, collection_id INTEGER "
        "NOT NULL, artifact_id INTEGER NOT NULL, version BIGINT NOT NULL, created DOUBLE NOT NULL, "
        "CONSTRAINT uq_artifact_member_collection_id_version UNIQUE (collection_id, version), CONSTRAINT "
        "uq_artifact_member_collection_id_artifact_id UNIQUE (collection_id, artifact_id), CONSTRAINT "
        "fk_artifact_member_collection_id FOREIGN KEY(collection_id) REFERENCES artifact_collection (id), "
        "CONSTRAINT fk_artifact_member_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_member_artifact_id ON artifact_member (artifact_id)",
        "CREATE TABLE artifact_part (artifact_id INTEGER NOT NULL, md5 TEXT NOT NULL, number INTEGER NOT "
        "NULL, digest TEXT NOT NULL, CONSTRAINT pk_artifact_part PRIMARY KEY (artifact_id, md5, number), "
        "CONSTRAINT fk_artifact_part_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), "
        "CONSTRAINT fk_artifact_part_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_part_digest ON artifact_part (digest)",
        "CREATE TABLE artifact_run (run_uid TEXT NOT NULL, artifact_id INTEGER NOT NULL, role TEXT NOT "
        "NULL, created DOUBLE NOT NULL, CONSTRAINT pk_artifact_run PRIMARY KEY (run_uid, artifact_id, "
        "role), CONSTRAINT fk_artifact_run_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_run_artifact_id ON artifact_run (artifact_id)",
        "CREATE TABLE artifact_upload (artifact_id INTEGER NOT NULL, md5 TEXT NOT NULL, digest TEXT NOT "
        "NULL, CONSTRAINT pk_artifact_upload PRIMARY KEY (artifact_id, md5), CONSTRAINT "
        "fk_artifact_upload_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT "
        "fk_artifact_upload_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_upload_digest ON artifact_upload (digest)",
    ),
    "postgresql": (
        "CREATE TABLE blob (digest TEXT NOT NULL, size BIGINT NOT NULL, complete BOOLEAN NOT NULL, created "
        "DOUBLE PRECISION NOT NULL, md5 TEXT, place TEXT, CONSTRAINT pk_blob PRIMARY KEY (digest))",
        "CREATE INDEX ix_blob_gone ON blob (digest) WHERE place = 'gone'",
        "CREATE INDEX ix_blob_md5 ON blob (md5)",
        "CREATE TABLE entity (name TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, CONSTRAINT pk_entity "
        "PRIMARY KEY (name))",
        "CREATE TABLE saved_query (entity TEXT NOT NULL, hash TEXT NOT NULL, address TEXT NOT NULL, created "
        "DOUBLE PRECISION NOT NULL, CONSTRAINT pk_saved_query PRIMARY KEY (entity, hash))",
        "CREATE TABLE tombstone (uid TEXT NOT NULL, deleted DOUBLE PRECISION NOT NULL, CONSTRAINT "
        "pk_tombstone PRIMARY KEY (uid))",
        "CREATE TABLE blob_piece (digest TEXT NOT NULL, start BIGINT NOT NULL, data BYTEA NOT NULL, "
        "CONSTRAINT pk_blob_piece PRIMARY KEY (digest, start), CONSTRAINT fk_blob_piece_digest FOREIGN "
        "KEY(digest) REFERENCES blob (digest))",
        "CREATE TABLE project (id BIGSERIAL NOT NULL, entity TEXT NOT NULL, name TEXT NOT NULL, owner TEXT "
        "NOT NULL, created DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION NOT NULL, version BIGINT NOT "
        "NULL, next_ordinal BIGINT NOT NULL, CONSTRAINT pk_project PRIMARY KEY (id), CONSTRAINT "
        "uq_project_entity_name UNIQUE (entity, name), CONSTRAINT fk_project_entity FOREIGN KEY(entity) "
        "REFERENCES entity (name))",
        "CREATE TABLE artifact_type (id BIGSERIAL NOT NULL, project_id BIGINT NOT NULL, name TEXT NOT NULL, "
        "description TEXT, created DOUBLE PRECISION NOT NULL, CONSTRAINT pk_artifact_type PRIMARY KEY (id), "
        "CONSTRAINT uq_artifact_type_project_id_name UNIQUE (project_id, name), CONSTRAINT "
        "fk_artifact_type_project_id FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE TABLE run (uid TEXT NOT NULL, project_id BIGINT NOT NULL, id TEXT NOT NULL, name TEXT NOT "
        "NULL, owner TEXT NOT NULL, state TEXT NOT NULL, ordinal BIGINT NOT NULL, color INTEGER, created "
        "DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION NOT NULL, finished DOUBLE PRECISION, duration "
        "DOUBLE PRECISION NOT NULL, archived BOOLEAN NOT NULL, trashed DOUBLE PRECISION, rows BIGINT NOT "
        "NULL, last_step BIGINT, version BIGINT NOT NULL, doc BYTEA NOT NULL, stop_requested DOUBLE "
        "PRECISION, CONSTRAINT pk_run PRIMARY KEY (uid), CONSTRAINT fk_run_project_id FOREIGN "
        "KEY(project_id) REFERENCES project (id))",
        "CREATE INDEX ix_run_project_state ON run (project_id, trashed, archived, state)",
        "CREATE INDEX ix_run_project_version ON run (project_id, version)",
        "CREATE UNIQUE INDEX uq_run_name ON run (project_id, id) WHERE trashed IS NULL",
        "CREATE TABLE saved_view (id TEXT NOT NULL, project_id BIGINT NOT NULL, name TEXT NOT NULL, address "
        "TEXT NOT NULL, owner TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION "
        "NOT NULL, deleted DOUBLE PRECISION, CONSTRAINT pk_saved_view PRIMARY KEY (id), CONSTRAINT "
        "fk_saved_view_project_id FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE INDEX ix_saved_view_project_id ON saved_view (project_id)",
        "CREATE TABLE sweep (id BIGSERIAL NOT NULL, project_id BIGINT NOT NULL, name TEXT NOT NULL, "
        "display_name TEXT, description TEXT, owner TEXT NOT NULL, state TEXT NOT NULL, config TEXT NOT "
        "NULL, controller TEXT, scheduler TEXT, launch TEXT, prior_runs TEXT NOT NULL, seed BIGINT NOT "
        "NULL, version BIGINT NOT NULL, trials BIGINT NOT NULL, created DOUBLE PRECISION NOT NULL, updated "
        "DOUBLE PRECISION NOT NULL, heartbeat DOUBLE PRECISION, deleted DOUBLE PRECISION, CONSTRAINT "
        "pk_sweep PRIMARY KEY (id), CONSTRAINT uq_sweep_project_id_name UNIQUE (project_id, name), "
        "CONSTRAINT fk_sweep_project_id FOREIGN KEY(project_id) REFERENCES project (id))",
        "CREATE TABLE alert (id BIGSERIAL NOT NULL, run_uid TEXT NOT NULL, title TEXT NOT NULL, text TEXT "
        "NOT NULL, level TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, CONSTRAINT pk_alert PRIMARY KEY "
        "(id), CONSTRAINT fk_alert_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE INDEX ix_alert_run_uid ON alert (run_uid)",
        "CREATE TABLE artifact_collection (id BIGSERIAL NOT NULL, project_id BIGINT NOT NULL, type_id "
        "BIGINT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, description TEXT, tags TEXT NOT NULL, "
        "created DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION NOT NULL, next_version BIGINT NOT "
        "NULL, CONSTRAINT pk_artifact_collection PRIMARY KEY (id), CONSTRAINT "
        "uq_artifact_collection_project_id_name UNIQUE (project_id, name), CONSTRAINT "
        "fk_artifact_collection_project_id FOREIGN KEY(project_id) REFERENCES project (id), CONSTRAINT "
        "fk_artifact_collection_type_id FOREIGN KEY(type_id) REFERENCES artifact_type (id))",
        "CREATE INDEX ix_artifact_collection_type_id ON artifact_collection (type_id)",
        "CREATE TABLE blob_ref (run_uid TEXT NOT NULL, digest TEXT NOT NULL, CONSTRAINT pk_blob_ref PRIMARY "
        "KEY (run_uid, digest), CONSTRAINT fk_blob_ref_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid), "
        "CONSTRAINT fk_blob_ref_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_blob_ref_digest ON blob_ref (digest)",
        "CREATE TABLE client_session (run_uid TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT "
        "NULL, writer TEXT NOT NULL, events_writer TEXT, started DOUBLE PRECISION NOT NULL, branch_run "
        "TEXT, branch_step BIGINT, CONSTRAINT pk_client_session PRIMARY KEY (run_uid, number), CONSTRAINT "
        "fk_client_session_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE derivation (run_uid TEXT NOT NULL, attempt INTEGER NOT NULL, writer TEXT NOT NULL, "
        "done BIGINT NOT NULL, until BIGINT NOT NULL, rewinds BOOLEAN NOT NULL, CONSTRAINT pk_derivation "
        "PRIMARY KEY (run_uid), CONSTRAINT fk_derivation_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE line_file (id BIGSERIAL NOT NULL, run_uid TEXT NOT NULL, attempt INTEGER NOT NULL, "
        "name SMALLINT NOT NULL, lines BIGINT NOT NULL, missing BIGINT NOT NULL, size BIGINT NOT NULL, "
        "stored BIGINT NOT NULL, parent_id BIGINT, base BIGINT NOT NULL, CONSTRAINT pk_line_file PRIMARY "
        "KEY (id), CONSTRAINT uq_line_file_run_uid_attempt_name UNIQUE (run_uid, attempt, name), CONSTRAINT "
        "fk_line_file_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE INDEX ix_line_file_parent ON line_file (parent_id)",
        "CREATE TABLE run_file (run_uid TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, size "
        "BIGINT NOT NULL, md5 TEXT, mimetype TEXT, updated DOUBLE PRECISION NOT NULL, CONSTRAINT "
        "pk_run_file PRIMARY KEY (run_uid, name), CONSTRAINT fk_run_file_run_uid FOREIGN KEY(run_uid) "
        "REFERENCES run (uid), CONSTRAINT fk_run_file_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_run_file_digest ON run_file (digest)",
        "CREATE TABLE series (id BIGSERIAL NOT NULL, run_uid TEXT NOT NULL, name TEXT NOT NULL, kind TEXT "
        "NOT NULL, created DOUBLE PRECISION NOT NULL, count BIGINT NOT NULL, latest DOUBLE PRECISION, "
        "latest_row BIGINT, lowest DOUBLE PRECISION, highest DOUBLE PRECISION, media TEXT, CONSTRAINT "
        "pk_series PRIMARY KEY (id), CONSTRAINT uq_series_run_uid_name_kind UNIQUE (run_uid, name, kind), "
        "CONSTRAINT fk_series_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE TABLE sweep_agent (id BIGSERIAL NOT NULL, sweep_id BIGINT NOT NULL, name TEXT NOT NULL, "
        "host TEXT NOT NULL, state TEXT NOT NULL, created DOUBLE PRECISION NOT NULL, heartbeat DOUBLE "
        "PRECISION NOT NULL, CONSTRAINT pk_sweep_agent PRIMARY KEY (id), CONSTRAINT fk_sweep_agent_sweep_id "
        "FOREIGN KEY(sweep_id) REFERENCES sweep (id), CONSTRAINT uq_sweep_agent_name UNIQUE (name))",
        "CREATE INDEX ix_sweep_agent_sweep_id ON sweep_agent (sweep_id)",
        "CREATE TABLE writer (id BIGSERIAL NOT NULL, uid TEXT NOT NULL, run_uid TEXT NOT NULL, ordinal "
        "INTEGER NOT NULL, label TEXT, rank INTEGER, host TEXT, pid BIGINT, parent TEXT, state TEXT NOT "
        "NULL, started DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION, seen DOUBLE PRECISION NOT NULL, "
        "acknowledged BIGINT NOT NULL, rows BIGINT NOT NULL, folded BIGINT NOT NULL, last_step BIGINT, "
        "schemas BYTEA NOT NULL, damage INTEGER NOT NULL, dropped BIGINT NOT NULL, source TEXT, patience "
        "DOUBLE PRECISION, CONSTRAINT pk_writer PRIMARY KEY (id), CONSTRAINT uq_writer_uid UNIQUE (uid), "
        "CONSTRAINT fk_writer_run_uid FOREIGN KEY(run_uid) REFERENCES run (uid))",
        "CREATE INDEX ix_writer_run_uid ON writer (run_uid)",
        "CREATE TABLE artifact (id BIGSERIAL NOT NULL, collection_id BIGINT NOT NULL, state TEXT NOT NULL, "
        "version BIGINT, digest TEXT NOT NULL, description TEXT, metadata TEXT, size BIGINT NOT NULL, files "
        "BIGINT NOT NULL, ttl BIGINT, history_step BIGINT, tags TEXT NOT NULL, wanted TEXT NOT NULL, "
        "created DOUBLE PRECISION NOT NULL, updated DOUBLE PRECISION NOT NULL, owner TEXT NOT NULL, run_uid "
        "TEXT, distributed_id TEXT, CONSTRAINT pk_artifact PRIMARY KEY (id), CONSTRAINT "
        "fk_artifact_collection_id FOREIGN KEY(collection_id) REFERENCES artifact_collection (id))",
        "CREATE INDEX ix_artifact_digest ON artifact (collection_id, digest)",
        "CREATE INDEX ix_artifact_state ON artifact (state, created)",
        "CREATE TABLE axis (writer_id BIGINT NOT NULL, row0 BIGINT NOT NULL, n INTEGER NOT NULL, data BYTEA "
        "NOT NULL, CONSTRAINT pk_axis PRIMARY KEY (writer_id, row0), CONSTRAINT fk_axis_writer_id FOREIGN "
        "KEY(writer_id) REFERENCES writer (id))",
        "CREATE TABLE block (series_id BIGINT NOT NULL, writer_id BIGINT NOT NULL, row0 BIGINT NOT NULL, n "
        "INTEGER NOT NULL, own_axis BOOLEAN NOT NULL, step_min BIGINT NOT NULL, step_max BIGINT NOT NULL, "
        "time_min DOUBLE PRECISION NOT NULL, time_max DOUBLE PRECISION NOT NULL, sorted BOOLEAN NOT NULL, "
        "flags SMALLINT NOT NULL, data BYTEA NOT NULL, CONSTRAINT pk_block PRIMARY KEY (series_id, "
        "writer_id, row0), CONSTRAINT fk_block_series_id FOREIGN KEY(series_id) REFERENCES series (id))",
        "CREATE TABLE line_chunk (file_id BIGINT NOT NULL, line0 BIGINT NOT NULL, n INTEGER NOT NULL, size "
        "INTEGER NOT NULL, data BYTEA NOT NULL, CONSTRAINT pk_line_chunk PRIMARY KEY (file_id, line0), "
        "CONSTRAINT fk_line_chunk_file_id FOREIGN KEY(file_id) REFERENCES line_file (id))",
        "CREATE TABLE pyramid (series_id BIGINT NOT NULL, writer_id BIGINT NOT NULL, level INTEGER NOT "
        "NULL, segment INTEGER NOT NULL, n INTEGER NOT NULL, data BYTEA NOT NULL, CONSTRAINT pk_pyramid "
        "PRIMARY KEY (series_id, writer_id, level, segment), CONSTRAINT fk_pyramid_series_id FOREIGN "
        "KEY(series_id) REFERENCES series (id))",
        "CREATE TABLE sweep_trial (id BIGSERIAL NOT NULL, sweep_id BIGINT NOT NULL, number BIGINT NOT NULL, "
        "attempt INTEGER NOT NULL, point TEXT NOT NULL, arguments TEXT NOT NULL, agent_id BIGINT, state "
        "TEXT NOT NULL, run_uid TEXT NOT NULL, run_id TEXT NOT NULL, issued DOUBLE PRECISION NOT NULL, "
        "times INTEGER NOT NULL, stopped DOUBLE PRECISION, CONSTRAINT pk_sweep_trial PRIMARY KEY (id), "
        "CONSTRAINT uq_sweep_trial_sweep_id_number_attempt UNIQUE (sweep_id, number, attempt), CONSTRAINT "
        "fk_sweep_trial_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweep (id), CONSTRAINT "
        "fk_sweep_trial_agent_id FOREIGN KEY(agent_id) REFERENCES sweep_agent (id))",
        "CREATE INDEX ix_sweep_trial_agent_id ON sweep_trial (agent_id)",
        "CREATE INDEX ix_sweep_trial_run_uid ON sweep_trial (run_uid)",
        "CREATE TABLE tail (id BIGSERIAL NOT NULL, writer_id BIGINT NOT NULL, row0 BIGINT NOT NULL, n "
        "INTEGER NOT NULL, sparse BOOLEAN NOT NULL, data BYTEA NOT NULL, CONSTRAINT pk_tail PRIMARY KEY "
        "(id), CONSTRAINT fk_tail_writer_id FOREIGN KEY(writer_id) REFERENCES writer (id))",
        "CREATE INDEX ix_tail_writer ON tail (writer_id, row0)",
        "CREATE TABLE artifact_alias (id BIGSERIAL NOT NULL, collection_id BIGINT NOT NULL, name TEXT NOT "
        "NULL, artifact_id BIGINT NOT NULL, CONSTRAINT pk_artifact_alias PRIMARY KEY (id), CONSTRAINT "
        "uq_artifact_alias_collection_id_name UNIQUE (collection_id, name), CONSTRAINT "
        "fk_artifact_alias_collection_id FOREIGN KEY(collection_id) REFERENCES artifact_collection (id), "
        "CONSTRAINT fk_artifact_alias_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_alias_artifact_id ON artifact_alias (artifact_id)",
        "CREATE TABLE artifact_client (client_id TEXT NOT NULL, artifact_id BIGINT, collection_id BIGINT, "
        "CONSTRAINT pk_artifact_client PRIMARY KEY (client_id), CONSTRAINT fk_artifact_client_artifact_id "
        "FOREIGN KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT fk_artifact_client_collection_id "
        "FOREIGN KEY(collection_id) REFERENCES artifact_collection (id))",
        "CREATE INDEX ix_artifact_client_artifact_id ON artifact_client (artifact_id)",
        "CREATE INDEX ix_artifact_client_collection_id ON artifact_client (collection_id)",
        "CREATE TABLE artifact_file (artifact_id BIGINT NOT NULL, place BIGINT NOT NULL, path TEXT NOT "
        "NULL, md5 TEXT NOT NULL, size BIGINT NOT NULL, digest TEXT, reference TEXT, CONSTRAINT "
        "pk_artifact_file PRIMARY KEY (artifact_id, place), CONSTRAINT fk_artifact_file_artifact_id FOREIGN "
        "KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT fk_artifact_file_digest FOREIGN KEY(digest) "
        "REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_file_digest ON artifact_file (digest)",
        "CREATE TABLE artifact_manifest (id BIGSERIAL NOT NULL, artifact_id BIGINT NOT NULL, kind TEXT NOT "
        "NULL, base_id BIGINT, name TEXT NOT NULL, md5 TEXT, digest TEXT, CONSTRAINT pk_artifact_manifest "
        "PRIMARY KEY (id), CONSTRAINT fk_artifact_manifest_artifact_id FOREIGN KEY(artifact_id) REFERENCES "
        "artifact (id), CONSTRAINT fk_artifact_manifest_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_manifest_artifact_id ON artifact_manifest (artifact_id)",
        "CREATE INDEX ix_artifact_manifest_digest ON artifact_manifest (digest)",
        "CREATE TABLE artifact_member (id BIGSERIAL NOT NULL, collection_id BIGINT NOT NULL, artifact_id "
        "BIGINT NOT NULL, version BIGINT NOT NULL, created DOUBLE PRECISION NOT NULL, CONSTRAINT "
        "pk_artifact_member PRIMARY KEY (id), CONSTRAINT uq_artifact_member_collection_id_version UNIQUE "
        "(collection_id, version), CONSTRAINT uq_artifact_member_collection_id_artifact_id UNIQUE "
        "(collection_id, artifact_id), CONSTRAINT fk_artifact_member_collection_id FOREIGN "
        "KEY(collection_id) REFERENCES artifact_collection (id), CONSTRAINT fk_artifact_member_artifact_id "
        "FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_member_artifact_id ON artifact_member (artifact_id)",
        "CREATE TABLE artifact_part (artifact_id BIGINT NOT NULL, md5 TEXT NOT NULL, number INTEGER NOT "
        "NULL, digest TEXT NOT NULL, CONSTRAINT pk_artifact_part PRIMARY KEY (artifact_id, md5, number), "
        "CONSTRAINT fk_artifact_part_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), "
        "CONSTRAINT fk_artifact_part_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_part_digest ON artifact_part (digest)",
        "CREATE TABLE artifact_run (run_uid TEXT NOT NULL, artifact_id BIGINT NOT NULL, role TEXT NOT NULL, "
        "created DOUBLE PRECISION NOT NULL, CONSTRAINT pk_artifact_run PRIMARY KEY (run_uid, artifact_id, "
        "role), CONSTRAINT fk_artifact_run_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id))",
        "CREATE INDEX ix_artifact_run_artifact_id ON artifact_run (artifact_id)",
        "CREATE TABLE artifact_upload (artifact_id BIGINT NOT NULL, md5 TEXT NOT NULL, digest TEXT NOT "
        "NULL, CONSTRAINT pk_artifact_upload PRIMARY KEY (artifact_id, md5), CONSTRAINT "
        "fk_artifact_upload_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), CONSTRAINT "
        "fk_artifact_upload_digest FOREIGN KEY(digest) REFERENCES blob (digest))",
        "CREATE INDEX ix_artifact_upload_digest ON artifact_upload (digest)",
        "ALTER TABLE axis ALTER COLUMN data SET STORAGE EXTERNAL",
        "ALTER TABLE block ALTER COLUMN data SET STORAGE EXTERNAL",
        "ALTER TABLE blob_piece ALTER COLUMN data SET STORAGE EXTERNAL",
        "ALTER TABLE pyramid ALTER COLUMN data SET STORAGE EXTERNAL",
        "ALTER TABLE tail ALTER COLUMN data SET STORAGE EXTERNAL",
        "ALTER TABLE line_chunk ALTER COLUMN data SET STORAGE EXTERNAL",
    ),
}
# fmt: on
_VERSION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
# Not to_regclass: while it waits for the lock, it may remember that the table was not there.
_IS_MADE: dict[Dialect, str] = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'",
    "postgresql": "SELECT 1 FROM pg_class WHERE relname = 'alembic_version'"
    " AND relnamespace = current_schema()::regnamespace",
}
_CREATION_LOCK = (
    0x65706F6368616C  # "epochal": two servers that start at once on an empty PostgreSQL database
)


def prepare(database: Database) -> None:
    """Make the tables of an empty database, or migrate those of an older epochal.

    Raises EnvironmentFault when a newer epochal made them.
    """
    if _revision(database) is None:
        _create(database)
    revision = _revision(database)
    if revision == REVISION:
        return
    if revision is None or revision > REVISION:
        message = (
            f"the store is of a newer epochal (schema {revision}, this one knows {REVISION}): "
            "pip install --upgrade epochal"
        )
        raise EnvironmentFault(message)
    _migrate(database)


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        made = connection.value(_IS_MADE[connection.dialect])
        return connection.value("SELECT version_num FROM alembic_version") if made else None


def _create(database: Database) -> None:
    with database.write() as connection:
        if connection.dialect == "postgresql":
            connection.run("SELECT pg_advisory_xact_lock(?)", [_CREATION_LOCK])
            if connection.value(_IS_MADE["postgresql"]):
                return
        for statement in STATEMENTS[connection.dialect]:
            connection.run(statement)
        connection.run(_VERSION_TABLE)
        connection.run("INSERT INTO alembic_version (version_num) VALUES (?)", [REVISION])
        connection.run("INSERT INTO entity (name, created) VALUES (?, ?)", ["local", time.time()])


def _migrate(database: Database) -> None:
    from alembic import command
    from sqlalchemy import create_engine, event, text

    from epochal.store.migrations import configuration

    if isinstance(database, PostgresDatabase):
        engine = database.engine
    elif isinstance(database, SqliteDatabase):
        # On a network file system our own connection would keep the file locked.
        database.close()
        engine = create_engine(f"sqlite:///{database.path}")
        event.listen(engine, "connect", _own_transactions)
        event.listen(engine, "begin", _begin)
    else:
        raise TypeError(f"no migrations for {type(database).__name__}")
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
        command.upgrade(configuration(connection), "head")
    if isinstance(database, SqliteDatabase):
        engine.dispose()
        database.reopen()


def _own_transactions(connection: Any, _record: object) -> None:
    """Keep Python's sqlite3 from beginning transactions itself: it does so too late for statements of schemas."""
    connection.isolation_level = None


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""The tables of the store, the same on SQLite and PostgreSQL (docs/architecture.md, "The data model").

Alembic's migrations in `store/migrations/` lead to exactly this; a test compares the two. Every row that a user's
question can reach carries or leads by one join to its project, whose entity the principal must be allowed to see.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# SQLite gives an alias of its rowid only to a column declared INTEGER.
Identity = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

entity = Table(
    "entity",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created", Double, nullable=False),
)

project = Table(
    "project",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("entity", Text, ForeignKey("entity.name"), nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column(
        "version", BigInteger, nullable=False
    ),  # +1 in every transaction that touches the project
    Column("next_ordinal", BigInteger, nullable=False),  # of the next run: its colour
    UniqueConstraint("entity", "name"),
    sqlite_autoincrement=True,
)

run = Table(
    "run",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("project_id", Identity, ForeignKey("project.id"), nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("color", Integer),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("finished", Double),
    Column("duration", Double, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("trashed", Double),  # when it was moved to the trash
    Column("rows", BigInteger, nullable=False),  # of all its writers
    Column("last_step", BigInteger),
    Column("version", BigInteger, nullable=False),  # the project's version of its last change
    Column(
        "doc", LargeBinary, nullable=False
    ),  # JSON: config, summary, metrics, environment, tags, notes, group, ...
    Column("stop_requested", Double),  # when somebody asked its script to stop
    Index("ix_run_project_version", "project_id", "version"),
    Index("ix_run_project_state", "project_id", "trashed", "archived", "state"),
    Index(
        "uq_run_name",
        "project_id",
        "id",
        unique=True,
        sqlite_where=text("trashed IS NULL"),
        postgresql_where=text("trashed IS NULL"),
    ),
)

writer = Table(
    "writer",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("run_uid", Text, ForeignKey("run.uid"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("label", Text),
    Column("rank", Integer),
    Column("host", Text),
    Column("pid", BigInteger),
    Column("parent", Text),  # uid of the writer that this one was forked from
    Column("state", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column(
        "seen", Double, nullable=False
    ),  # server time of the last byte or heartbeat; compared only for change
    Column("acknowledged", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("folded", BigInteger, nullable=False),  # rows below this one are in axis windows
    Column("last_step", BigInteger),
    Column("schemas", LargeBinary, nullable=False),  # JSON {schema id: [[key, kind letter], ...]}
    Column("damage", Integer, nullable=False),
    Column("dropped", BigInteger, nullable=False),
    Column("source", Text),  # JSON: the file that its rows are read from, and how far
    Column("patience", Double),  # seconds of silence before it counts as crashed, where not 40
    sqlite_autoincrement=True,  # caches are keyed by ids: the id of something deleted never comes again
)

series = Table(
    "series",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("run_uid", Text, ForeignKey("run.uid"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("count", BigInteger, nullable=False),  # of its values
    Column("latest", Double),  # of its finite numbers, as are the next ones
    Column("latest_row", BigInteger),  # how many rows its run had before that of `latest`
    Column("lowest", Double),
    Column("highest", Double),
    Column("media", Text),  # of its object values: "histogram"; several in order, comma-joined
    UniqueConstraint("run_uid", "name", "kind"),
    sqlite_autoincrement=True,
)

tail = Table(  # a frame as received, or what a fold left over; its commit is the acknowledgement
    "tail",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("writer_id", Identity, ForeignKey("writer.id"), nullable=False),
    Column("row0", BigInteger, nullable=False),  # of the frame's first row
    Column("n", Integer, nullable=False),
    Column(
        "sparse", Boolean, nullable=False
    ),  # true: a remainder of folded rows, whose rows are not consecutive
    Column("data", LargeBinary, nullable=False),
    Index("ix_tail_writer", "writer_id", "row0"),
    sqlite_autoincrement=True,
)

axis = Table(  # steps and times of a folded window of consecutive rows
    "axis",
    metadata,
    Column("writer_id", Identity, ForeignKey("writer.id"), primary_key=True, autoincrement=False),
    Column("row0", BigInteger, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

block = Table(  # at most 4096 values of one series and writer
    "block",
    metadata,
    Column("series_id", Identity, ForeignKey("series.id"), primary_key=True, autoincrement=False),
    Column(
        "writer_id", Identity, primary_key=True, autoincrement=False
    ),  # no key: its check would scan
    Column(
        "row0", BigInteger, primary_key=True
    ),  # row of its first value, or of the window when it shares that axis
    Column("n", Integer, nullable=False),
    Column(
        "own_axis", Boolean, nullable=False
    ),  # false: rows are positions in the axis window that begins at row0
    Column("step_min", BigInteger, nullable=False),
    Column("step_max", BigInteger, nullable=False),
    Column("time_min", Double, nullable=False),
    Column("time_max", Double, nullable=False),
    Column("sorted", Boolean, nullable=False),  # steps never fall inside the block
    Column(
        "flags", SmallInteger, nullable=False
    ),  # bit 0 NaN, bit 1 +Infinity, bit 2 -Infinity among its values
    Column("data", LargeBinary, nullable=False),
)

pyramid = Table(  # buckets of 16, 256 and 4096 values, up to 4096 buckets in a row
    "pyramid",
    metadata,
    Column("series_id", Identity, ForeignKey("series.id"), primary_key=True, autoincrement=False),
    Column(
        "writer_id", Identity, primary_key=True, autoincrement=False
    ),  # no key: its check would scan
    Column("level", Integer, primary_key=True),
    Column("segment", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

blob = Table(  # bytes that media values refer to
    "blob",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256, hexadecimal
    Column("size", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),  # all pieces are there, and their digest is right
    Column("created", Double, nullable=False),
    Column("md5", Text),  # base64, of what came as a file
    Column("place", Text),  # "file": DATA/blobs holds it; "gone": that file is to be removed
    Index("ix_blob_md5", "md5"),
    Index(
        "ix_blob_gone",
        "digest",
        sqlite_where=text("place = 'gone'"),
        postgresql_where=text("place = 'gone'"),
    ),
)

blob_piece = Table(  # up to 2 MiB of a blob
    "blob_piece",
    metadata,
    Column("digest", Text, ForeignKey("blob.digest"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

blob_ref = Table(  # which runs have sent a blob or refer to it
    "blob_ref",
    metadata,
    Column("run_uid", Text, ForeignKey("run.uid"), primary_key=True),
    Column("digest", Text, ForeignKey("blob.digest"), primary_key=True, index=True),
)

client_session = Table(  # of a client whose rows come as lines, and which knows nothing of writers
    "client_session",
    metadata,
    Column("run_uid", Text, ForeignKey("run.uid"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),  # whose files of lines it goes on with
    Column("writer", Text, nullable=False),  # uids; no keys, because they may have no row yet
    Column("events_writer", Text),
    Column("started", Double, nullable=False),
    Column("branch_run", Text),  # the uid of the run that the attempt was forked from
    Column("branch_step", BigInteger),
)

line_file = Table(  # lines as received: history, events, output or summary of an attempt
    "line_file",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("run_uid", Text, ForeignKey("run.uid"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("name", SmallInteger, nullable=False),  # as in a LINES record
    Column("lines", BigInteger, nullable=False),
    Column("missing", BigInteger, nullable=False),  # lines that never arrived
    Column("size", BigInteger, nullable=False),  # bytes of its own lines
    Column("stored", BigInteger, nullable=False),  # bytes of its chunks
    Column("parent_id", Identity),  # the file of which it has the lines below `base`
    Column("base", BigInteger, nullable=False),
    UniqueConstraint("run_uid", "attempt", "name"),
    Index("ix_line_file_parent", "parent_id"),
    sqlite_autoincrement=True,
)

line_chunk = Table(  # consecutive lines, compressed; about 128 KiB of them
    "line_chunk",
    metadata,
    Column("file_id", Identity, ForeignKey("line_file.id"), primary_key=True, autoincrement=False),
    Column("line0", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, nullable=False),
    Column("size", Integer, nullable=False),  # bytes before compression
    Column("data", LargeBinary, nullable=False),
)

derivation = Table(  # columns that are being made from lines; what is here was not finished yet
    "derivation",
    metadata,
    Column("run_uid", Text, ForeignKey("run.uid"), primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("writer", Text, nullable=False),  # who gets the rows
    Column("done", BigInteger, nullable=False),  # lines of the history
    Column("until", BigInteger, nullable=False),
    Column("rewinds", Boolean, nullable=False),  # whether it replaces the attempt's other writers
)

run_file = Table(
    "run_file",
    metadata,
    Column("run_uid", Text, ForeignKey("run.uid"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, ForeignKey("blob.digest"), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("md5", Text),
    Column("mimetype", Text),
    Column("updated", Double, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("run_uid", Text, ForeignKey("run.uid"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("created", Double, nullable=False),
    sqlite_autoincrement=True,
)

tombstone = Table(  # uids of runs and writers deleted for ever
    "tombstone",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("deleted", Double, nullable=False),
)

saved_view = Table(  # the query string of an address, under a name
    "saved_view",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Identity, ForeignKey("project.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("deleted", Double),  # it can be restored for a while
)

saved_query = Table(  # the long query string that a short link stands for
    "saved_query",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("hash", Text, primary_key=True),  # the first 16 digits of its SHA-256
    Column("address", Text, nullable=False),
    Column("created", Double, nullable=False),
)

artifact_type = Table(  # what collections of artifacts say they hold: "dataset", "model", ...
    "artifact_type",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("project_id", Identity, ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("created", Double, nullable=False),
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

artifact_collection = Table(  # versions that runs log under one name, or versions linked to it
    "artifact_collection",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("project_id", Identity, ForeignKey("project.id"), nullable=False),
    Column("type_id", Identity, ForeignKey("artifact_type.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # sequence or portfolio
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("tags", Text, nullable=False),  # JSON list
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("next_version", BigInteger, nullable=False),  # numbers are never given twice
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

artifact = Table(  # a version, in the sequence that it was logged to
    "artifact",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("collection_id", Identity, ForeignKey("artifact_collection.id"), nullable=False),
    Column("state", Text, nullable=False),  # pending, committed, deleted
    Column("version", BigInteger),
    Column("digest", Text, nullable=False),  # MD5 of its files' names and digests, hexadecimal
    Column("description", Text),
    Column("metadata", Text),  # JSON as received
    Column("size", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("ttl", BigInteger),
    Column("history_step", BigInteger),
    Column("tags", Text, nullable=False),  # JSON list
    Column("wanted", Text, nullable=False),  # JSON list: aliases that it gets with its commit
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("owner", Text, nullable=False),
    Column("run_uid", Text),  # no key: it outlives its run
    Column("distributed_id", Text),  # several runs write it together
    Index("ix_artifact_digest", "collection_id", "digest"),
    Index("ix_artifact_state", "state", "created"),
    sqlite_autoincrement=True,
)

artifact_member = Table(  # which versions a collection has: its own, or linked ones
    "artifact_member",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("collection_id", Identity, ForeignKey("artifact_collection.id"), nullable=False),
    Column("artifact_id", Identity, ForeignKey("artifact.id"), nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("collection_id", "version"),
    UniqueConstraint("collection_id", "artifact_id"),
    sqlite_autoincrement=True,
)

artifact_alias = Table(
    "artifact_alias",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("collection_id", Identity, ForeignKey("artifact_collection.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("artifact_id", Identity, ForeignKey("artifact.id"), nullable=False, index=True),
    UniqueConstraint("collection_id", "name"),
    sqlite_autoincrement=True,
)

artifact_client = Table(  # the random ids under which clients speak of what has no id yet
    "artifact_client",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("artifact_id", Identity, ForeignKey("artifact.id"), index=True),
    Column("collection_id", Identity, ForeignKey("artifact_collection.id"), index=True),
)

artifact_run = Table(  # which runs logged and which used a version
    "artifact_run",
    metadata,
    Column("run_uid", Text, primary_key=True),  # no key: it outlives its run
    Column("artifact_id", Identity, ForeignKey("artifact.id"), primary_key=True, index=True),
    Column("role", Text, primary_key=True),  # output or input
    Column("created", Double, nullable=False),
)

artifact_manifest = (
    Table(  # lists of a version's files: as sent, and once it is committed the current one
        "artifact_manifest",
        metadata,
        Column("id", Identity, primary_key=True),
        Column("artifact_id", Identity, ForeignKey("artifact.id"), nullable=False, index=True),
        Column("kind", Text, nullable=False),  # full, incremental, patch; current
        Column("base_id", Identity),  # no key: that version may be deleted
        Column("name", Text, nullable=False),
        Column("md5", Text),  # base64
        Column("digest", Text, ForeignKey("blob.digest"), index=True),
        sqlite_autoincrement=True,
    )
)

artifact_upload = Table(  # blobs that have arrived for versions that are not committed yet
    "artifact_upload",
    metadata,
    Column("artifact_id", Identity, ForeignKey("artifact.id"), primary_key=True),
    Column("md5", Text, primary_key=True),
    Column("digest", Text, ForeignKey("blob.digest"), nullable=False, index=True),
)

artifact_part = Table(  # parts of large files that are not complete yet
    "artifact_part",
    metadata,
    Column("artifact_id", Identity, ForeignKey("artifact.id"), primary_key=True),
    Column("md5", Text, primary_key=True),  # of the whole file
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, ForeignKey("blob.digest"), nullable=False, index=True),
)

artifact_file = Table(  # the files of a version, by path
    "artifact_file",
    metadata,
    Column("artifact_id", Identity, ForeignKey("artifact.id"), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("md5", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", Text, ForeignKey("blob.digest"), index=True),
    Column("reference", Text),  # where its bytes are, when they are not here
)

sweep = Table(  # a search: runs that agents are given, one point each
    "sweep",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("project_id", Identity, ForeignKey("project.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("display_name", Text),
    Column("description", Text),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("config", Text, nullable=False),  # YAML as received
    Column("controller", Text),  # JSON: what a client that searches itself has scheduled
    Column("scheduler", Text),  # JSON: what became of that
    Column("launch", Text),  # JSON: what the client's launcher keeps here
    Column("prior_runs", Text, nullable=False),  # JSON list of run ids
    Column("seed", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),  # +1 with every trial and change
    Column("trials", BigInteger, nullable=False),  # the number of the next one
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("heartbeat", Double),
    Column("deleted", Double),
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

sweep_agent = Table(  # a process that asks for runs of a sweep
    "sweep_agent",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("sweep_id", Identity, ForeignKey("sweep.id"), nullable=False, index=True),
    Column("name", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("state", Text, nullable=False),  # running, exited
    Column("created", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
    sqlite_autoincrement=True,
)

sweep_trial = Table(  # a point that was given to an agent, and the run that was made for it
    "sweep_trial",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("sweep_id", Identity, ForeignKey("sweep.id"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("point", Text, nullable=False),  # JSON: values in the order of the parameters
    Column("arguments", Text, nullable=False),  # JSON as the agent gets them
    Column("agent_id", Identity, ForeignKey("sweep_agent.id"), index=True),
    Column("state", Text, nullable=False),  # issued, seen, ended, lost
    Column("run_uid", Text, nullable=False, index=True),  # no key: it outlives its run
    Column("run_id", Text, nullable=False),
    Column("issued", Double, nullable=False),
    Column("times", Integer, nullable=False),  # how often the agent was told
    Column("stopped", Double),
    UniqueConstraint("sweep_id", "number", "attempt"),
    sqlite_autoincrement=True,
)

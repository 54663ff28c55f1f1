"""What stands in the records of a ``.wandb`` file: protocol buffers, read by tables of the fields that we use.

Source of all numbers and names: wandb/proto/wandb_internal.proto and wandb_telemetry.proto of wandb 0.31.0, read from
the descriptors in its wheel. Fields that are not listed are skipped, so that records of later clients can be read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from epochal.errors import CorruptBlock
from epochal.formats.protowire import (
    FIXED64,
    Value,
    bytes_of,
    int_of,
    ints_of,
    read_fields,
    text_of,
)


class Field(NamedTuple):
    """A field: its name; ``text``, ``int``, ``bool``, ``double`` or the table of a message; whether it is repeated.

    is_map: entries of a map, by the table of their key (1) and value (2).
    """

    name: str
    kind: str | Mapping[int, Field] = "text"
    repeated: bool = False
    is_map: bool = False


Table = Mapping[int, Field]
"""The fields of a message by their numbers."""


def _texts(*names: str) -> dict[int, Field]:
    return {number: Field(name) for number, name in enumerate(names, 1)}


TIMESTAMP: Table = {1: Field("seconds", "int"), 2: Field("nanos", "int")}
ITEM: Table = {1: Field("key"), 2: Field("nested_key", repeated=True), 16: Field("value_json")}
CHANGES: Table = {1: Field("update", ITEM, repeated=True), 2: Field("remove", ITEM, repeated=True)}
GIT: Table = {1: Field("remote"), 2: Field("commit")}
FLAGS: Table = {}
"""A message of nothing but bools: read as the list of the numbers of those that are set."""

TELEMETRY: Table = {
    1: Field("1", FLAGS),  # imports at init
    2: Field("2", FLAGS),  # imports at finish
    3: Field("3", FLAGS),  # features
    4: Field("4"),  # version of Python
    5: Field("5"),  # version of the client
    6: Field("6"),
    8: Field("8", FLAGS),  # environment
    9: Field("9", {1: Field("1"), 2: Field("2"), 3: Field("3")}),
    10: Field("10", FLAGS),  # deprecated
    12: Field("12"),  # version of wandb-core
    13: Field("13"),  # platform
}
"""Named as the client names them in the config: by their numbers."""

_GPU_NVIDIA: Table = {
    1: Field("name"),
    2: Field("memoryTotal", "long"),
    3: Field("cudaCores", "int"),
    4: Field("architecture"),
    5: Field("uuid"),
    6: Field("pciBusId"),
    7: Field("numaNode", "int"),
}
_GPU_AMD: Table = _texts(
    *("id", "uniqueId", "vbiosVersion", "performanceLevel", "gpuOverdrive", "gpuMemoryOverdrive"),
    *("maxPower", "series", "model", "vendor", "sku", "sclkRange", "mclkRange"),
)
_APPLE: Table = {
    1: Field("name"),
    2: Field("ecpuCores", "int"),
    3: Field("pcpuCores", "int"),
    4: Field("gpuCores", "int"),
    5: Field("memoryGb", "int"),
    6: Field("swapTotalBytes", "long"),
    7: Field("ramTotalBytes", "long"),
    8: Field("macModel"),
}
ENVIRONMENT: Table = {
    1: Field("os"),
    2: Field("python"),
    3: Field("startedAt", TIMESTAMP),
    4: Field("docker"),
    5: Field("args", repeated=True),
    6: Field("program"),
    7: Field("codePath"),
    8: Field("codePathLocal"),
    9: Field("git", GIT),
    10: Field("email"),
    11: Field("root"),
    12: Field("host"),
    13: Field("username"),
    14: Field("executable"),
    15: Field("colab"),
    16: Field("cpu_count", "int"),
    17: Field("cpu_count_logical", "int"),
    18: Field("gpu"),
    19: Field("gpu_count", "int"),
    20: Field(
        "disk",
        {1: Field("key"), 2: Field("value", {1: Field("total", "long"), 2: Field("used", "long")})},
        is_map=True,
    ),
    21: Field("memory", {1: Field("total", "long")}),
    22: Field(
        "cpu", {1: Field("count", "int"), 2: Field("countLogical", "int"), 3: Field("model")}
    ),
    23: Field("apple", _APPLE),
    24: Field("gpu_nvidia", _GPU_NVIDIA, repeated=True),
    25: Field("cudaVersion"),
    26: Field("gpu_amd", _GPU_AMD, repeated=True),
    27: Field("slurm", {1: Field("key"), 2: Field("value")}, is_map=True),
    28: Field(
        "trainium",
        {
            1: Field("name"),
            2: Field("vendor"),
            3: Field("neuronDeviceCount", "int"),
            4: Field("neuroncorePerDeviceCount", "int"),
        },
    ),
    29: Field(
        "tpu",
        {
            1: Field("name"),
            2: Field("hbmGib", "int"),
            3: Field("devicesPerChip", "int"),
            4: Field("count", "int"),
        },
    ),
    30: Field("coreweave", _texts("clusterName", "orgId", "region")),
    199: Field("writerId"),
}
"""Named as in the JSON of a protocol buffer, which is what the client sends; 64 bit integers (``long``) are texts."""

METRIC: Table = {
    1: Field("name"),
    2: Field("glob_name"),
    4: Field("step_metric"),
    6: Field("options", FLAGS),
    7: Field("summary", FLAGS),
    8: Field("goal", "int"),
    9: Field("control", FLAGS),
}
RUN: Table = {
    1: Field("run_id"),
    2: Field("entity"),
    3: Field("project"),
    4: Field("config", CHANGES),
    5: Field("summary", CHANGES),
    6: Field("run_group"),
    7: Field("job_type"),
    8: Field("display_name"),
    9: Field("notes"),
    10: Field("tags", repeated=True),
    12: Field("sweep_id"),
    13: Field("host"),
    14: Field("starting_step", "int"),
    17: Field("start_time", TIMESTAMP),
    18: Field("resumed", "bool"),
    19: Field("telemetry", TELEMETRY),
    20: Field("runtime", "int"),
    21: Field("git", GIT),
    22: Field("forked", "bool"),
    23: Field("branch_point", {1: Field("run"), 2: Field("value", "double"), 3: Field("metric")}),
}
MANIFEST: Table = {
    1: Field("version", "int"),
    2: Field("storage_policy"),
    3: Field("storage_policy_config", {1: Field("key"), 2: Field("value_json")}, repeated=True),
    4: Field(
        "contents",
        {
            1: Field("path"),
            2: Field("digest"),
            3: Field("ref"),
            4: Field("size", "int"),
            5: Field("mimetype"),
            6: Field("local_path"),
            7: Field("birth_artifact_id"),
            8: Field("skip_cache", "bool"),
            16: Field("extra", {1: Field("key"), 2: Field("value_json")}, repeated=True),
        },
        repeated=True,
    ),
    5: Field("manifest_file_path"),
}
ARTIFACT: Table = {
    1: Field("run_id"),
    2: Field("project"),
    3: Field("entity"),
    4: Field("type"),
    5: Field("name"),
    6: Field("digest"),
    7: Field("description"),
    8: Field("metadata"),
    9: Field("user_created", "bool"),
    10: Field("use_after_commit", "bool"),
    11: Field("aliases", repeated=True),
    12: Field("manifest", MANIFEST),
    13: Field("distributed_id"),
    14: Field("finalize", "bool"),
    15: Field("client_id"),
    16: Field("sequence_client_id"),
    17: Field("base_id"),
    18: Field("ttl_duration_seconds", "int"),
    19: Field("tags", repeated=True),
    20: Field("digest_algorithm"),
    100: Field("incremental", "bool"),
}
OUTPUT: Table = {1: Field("type", "int"), 2: Field("timestamp", TIMESTAMP), 3: Field("line")}

RECORDS: dict[int, Field] = {
    2: Field(
        "history",
        {1: Field("item", ITEM, repeated=True), 2: Field("step", {1: Field("num", "int")})},
    ),
    3: Field("summary", CHANGES),
    4: Field("output", OUTPUT),
    5: Field("config", CHANGES),
    6: Field(
        "files", {1: Field("files", {1: Field("path"), 2: Field("policy", "int")}, repeated=True)}
    ),
    7: Field(
        "stats",
        {
            2: Field("timestamp", TIMESTAMP),
            3: Field("item", {1: Field("key"), 16: Field("value_json")}, repeated=True),
        },
    ),
    8: Field("artifact", ARTIFACT),
    10: Field(
        "alert",
        {1: Field("title"), 2: Field("text"), 3: Field("level"), 4: Field("wait_duration", "int")},
    ),
    11: Field("telemetry", TELEMETRY),
    12: Field("metric", METRIC),
    13: Field("output_raw", OUTPUT),
    17: Field("run", RUN),
    18: Field(
        "exit",
        {
            1: Field("exit_code", "int"),
            2: Field("runtime", "int"),
            3: Field("not_complete", "bool"),
        },
    ),
    21: Field(
        "header", {1: Field("version_info", {1: Field("producer"), 2: Field("min_consumer")})}
    ),
    23: Field("preempting", {}),
    26: Field("environment", ENVIRONMENT),
    27: Field("output_logger", {1: Field("line")}),
}
"""The records that carry something for a server. Others (use_artifact, tbrecord, footer, ...) are skipped."""


def read_record(payload: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return (name, fields) of a record, None for one of a kind that carries nothing for a server.

    Fields that are not there are left out, repeated ones are lists. Raises CorruptBlock.
    """
    for number, _wire, value in read_fields(memoryview(payload)):
        field = RECORDS.get(number)
        if field is not None:
            assert not isinstance(field.kind, str)
            return field.name, read_message(bytes_of(value), field.kind)
    return None


def read_message(data: memoryview, table: Table) -> dict[str, Any]:
    """Return the fields of a message that `table` lists. Raises CorruptBlock."""
    found: dict[str, Any] = {}
    for number, wire, value in read_fields(data):
        field = table.get(number)
        if field is None:
            continue
        if field.is_map:
            entry = _read_value(field.kind, wire, value)
            found.setdefault(field.name, {})[entry.get("key", "")] = entry.get("value", {})
        elif field.repeated and field.kind == "int":
            found.setdefault(field.name, []).extend(ints_of(value))
        elif field.repeated:
            found.setdefault(field.name, []).append(_read_value(field.kind, wire, value))
        else:
            found[field.name] = _read_value(field.kind, wire, value)
    return found


def _read_value(kind: str | Table, wire: int, value: Value) -> Any:
    if kind is FLAGS:
        return [number for number, _wire, flag in read_fields(bytes_of(value)) if flag == 1]
    if not isinstance(kind, str):
        return read_message(bytes_of(value), kind)
    if kind == "text":
        return text_of(value)
    if kind == "double":
        if wire != FIXED64:
            raise CorruptBlock("a protocol buffer has no double where one belongs")
        return struct.unpack("<d", bytes_of(value))[0]
    number = int_of(value)
    if kind == "bool":
        return bool(number)
    return str(number & 0xFFFFFFFFFFFFFFFF) if kind == "long" else number

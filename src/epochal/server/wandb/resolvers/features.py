"""What this server can do, as clients ask at their start (wandb_protocol.md, 1 and 2)."""

from __future__ import annotations

from typing import Any

from epochal.server.wandb.ask import Ask

FEATURES = {
    # Bodies of file_stream may be compressed, for those who ask their client for it.
    "FILESTREAM_GZIP": True,
    "STRUCTURED_CONSOLE_LOGS": True,
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION": True,
    "CLIENT_IDS": True,
    "ARTIFACT_TAGS": True,
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP": True,
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES": True,
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER": True,
    "TOTAL_COUNT_IN_FILE_CONNECTION": True,
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING": True,
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE": True,
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID": True,
    "LARGE_FILENAMES": True,
    "MARK_RUN_FILES_UPLOADED": True,
    "SWEEPS_QUERY_FILTERING": True,
}
"""Whatever is not here a client takes for off."""


def server_info(parent: None, ask: Ask) -> dict[str, Any]:
    """Return versions and features. No client is too old or too new to be served."""
    del parent, ask
    return {
        "cliVersionInfo": {"min_cli_version": "0.1.0", "max_cli_version": "99.0.0"},
        "latestLocalVersionInfo": None,
        "features": [{"name": name, "isEnabled": on} for name, on in FEATURES.items()],
    }


RESOLVERS = {"Query": {"serverInfo": server_info}}

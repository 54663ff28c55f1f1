"""Media in the rows of the wandb client, as the values of docs/reference/media.md.

The client logs a dict with a ``_type`` and uploads the bytes as a file of the run; the dict names that file by its
path, and (but for lists of images) by SHA-256 and size. Shapes as sent by wandb 0.31.0, recorded in
tests/formats/wandb_rows.jsonl; those of lists of objects and molecules from its ``seq_to_json`` methods.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from epochal.formats import media

_FORMATS = {"jpg": "jpeg", "oga": "ogg", "mpeg": "mp3", "m4v": "mp4"}
_MAX_ITEMS = 10_000
"""Items of one list that are taken; the client itself sends 108 images at most."""


def convert(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the media value of a dict with a ``_type``, as the wandb client logs it.

    What names no file and is no histogram, or is not of the shape that its type has, is plain JSON under the type
    ``wandb/<its type>``, so that no panel takes it for what it is not. Nothing in `value` makes this raise.
    """
    name = value.get("_type")
    if not isinstance(name, str):
        return {**value, "_type": f"wandb/{name}"}
    maker = _MAKERS.get(name) or (_file if "path" in value else None)
    try:
        made = None if maker is None else maker(value)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
        made = None
    return {**value, "_type": f"wandb/{name}"} if made is None else made


def reference(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reference to the file that a dict names: by its digest, else by its path among the run's files.

    Raises ValueError when it names none.
    """
    digest, size, path = value.get("sha256"), value.get("size"), value.get("path")
    if isinstance(digest, str) and len(digest) == 64 and type(size) is int:
        return media.blob_reference(digest, size)
    if isinstance(path, str) and path:
        return media.file_reference(path)
    raise ValueError("a media value names no file")


def format_of(path: object) -> str:
    """Return the format that a file's name tells: its ending, and of ``x.pts.json`` the last two; empty without one."""
    if not isinstance(path, str):
        return ""
    endings = PurePosixPath(path).suffixes
    if len(endings) >= 2 and endings[-1] == ".json":
        return (endings[-2] + endings[-1])[1:].lower()
    ending = endings[-1][1:].lower() if endings else ""
    return _FORMATS.get(ending, ending)


def _caption(text: object) -> dict[str, str]:
    return {"caption": text} if isinstance(text, str) and text else {}


def _histogram(value: Mapping[str, Any]) -> dict[str, Any]:
    counts = np.asarray(value["values"], dtype=np.float64)
    packed = value.get("packedBins")
    if "bins" in value:
        edges = np.asarray(value["bins"], dtype=np.float64)
    else:
        assert isinstance(packed, Mapping) or packed is None
        if packed is None:
            raise ValueError("a histogram without edges")
        edges = float(packed["min"]) + float(packed["size"]) * np.arange(len(counts) + 1)
    if counts.ndim != 1 or not len(counts) or edges.shape != (len(counts) + 1,):
        raise ValueError("a histogram has one edge more than counts")
    if not (np.isfinite(edges).all() and (edges[1:] >= edges[:-1]).all()):
        raise ValueError("the edges of a histogram ascend")
    return media.histogram(edges, counts, num=float(counts.sum()))


def _image(value: Mapping[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {
        **_caption(value.get("caption")),
        **_layers("boxes", value.get("boxes")),
        **_layers("masks", value.get("masks")),
    }
    name = str(value.get("format") or format_of(value.get("path")))
    sizes = [value.get(side) for side in ("width", "height")]
    made = media.image(reference(value), _FORMATS.get(name, name), *map(_pixels, sizes), **more)
    if value.get("grouping") is not None:
        made["grouping"] = value["grouping"]
    return made


def _pixels(size: object) -> int:
    return size if type(size) is int and size >= 0 else 0


def _layers(name: str, layers: object) -> dict[str, Any]:
    """Return boxes or masks by name: a reference each, to a file of boxes as JSON or to a picture of classes."""
    if not isinstance(layers, Mapping):
        return {}
    found = {
        str(layer): reference(value)
        for layer, value in layers.items()
        if isinstance(value, Mapping) and ("sha256" in value or "path" in value)
    }
    return {name: found} if found else {}


def _images(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list of images of one size, which the client names by their paths alone."""
    captions, boxes, masks = (
        found if isinstance(found := value.get(name), list) else []
        for name in ("captions", "all_boxes", "all_masks")
    )
    shared = {name: value.get(name) for name in ("format", "width", "height")}
    items = [
        _image(
            {
                **shared,
                "path": path,
                "caption": _at(captions, i),
                "boxes": _at(boxes, i),
                "masks": _at(masks, i),
            }
        )
        for i, path in enumerate(value["filenames"][:_MAX_ITEMS])
    ]
    return media.several(items)


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _audio(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "_type": "audio",
        **reference(value),
        "format": format_of(value.get("path")),
        **_caption(value.get("caption")),
    }


def _audios(value: Mapping[str, Any]) -> dict[str, Any]:
    made = _several(value, "audio", _audio)
    rates = value.get("sampleRates")
    durations = value.get("durations")
    for i, item in enumerate(made["items"]):
        rate = _at(rates, i) if isinstance(rates, list) else None
        seconds = _at(durations, i) if isinstance(durations, list) else None
        if isinstance(rate, int | float) and rate > 0:
            item["rate"] = rate
            if isinstance(seconds, int | float):
                item["frames"] = round(seconds * rate)
    return made


def _video(value: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "_type": "video",
        **reference(value),
        "format": format_of(value.get("path")),
        **_caption(value.get("caption")),
    }
    for side in ("width", "height"):
        if _pixels(value.get(side)):
            made[side] = value[side]
    return made


def _plain(kind: str, *, has_format: bool = False) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def make(value: Mapping[str, Any]) -> dict[str, Any]:
        made = {"_type": kind, **reference(value), **_caption(value.get("caption"))}
        if has_format:
            made["format"] = format_of(value.get("path"))
        return made

    return make


def _table(value: Mapping[str, Any]) -> dict[str, Any]:
    made = {"_type": "table", **reference(value)}
    for name, ours in (("nrows", "rows"), ("ncols", "columns")):
        if type(value.get(name)) is int:
            made[ours] = value[name]
    if isinstance(value.get("log_mode"), str):
        made["mode"] = value["log_mode"]
    # The run's file has only the word "Image" where a cell is one; the artifact's copy has it.
    if isinstance(value.get("artifact_path"), str):
        made["artifact"] = value["artifact_path"]
    return made


def _file(value: Mapping[str, Any]) -> dict[str, Any]:
    path = value.get("path")
    return {
        "_type": "file",
        **reference(value),
        "name": PurePosixPath(path).name if isinstance(path, str) else "",
        "format": format_of(path),
        "kind": value["_type"],
    }


def _several(
    value: Mapping[str, Any], member: str, make: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return a list of media: from the dicts in `member` where there are, else from the paths in ``filenames``."""
    found = value.get(member)
    captions = value.get("captions", value.get("caption"))
    if isinstance(found, list) and all(isinstance(item, Mapping) for item in found):
        items = found
    else:
        items = [
            {"path": path, "caption": _at(captions, i) if isinstance(captions, list) else None}
            for i, path in enumerate(value["filenames"])
        ]
    return media.several([make(item) for item in items[:_MAX_ITEMS]])


def _list_of(
    member: str, make: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda value: _several(value, member, make)


_HTML, _PLOTLY = _plain("html"), _plain("plotly")
_OBJECT3D, _MOLECULE = _plain("object3d", has_format=True), _plain("molecule", has_format=True)
_MAKERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "histogram": _histogram,
    "image-file": _image,
    "images/separated": _images,
    "audio-file": _audio,
    "audio": _audios,
    "video-file": _video,
    "videos": _list_of("videos", _video),
    "html-file": _HTML,
    "html": _list_of("html", _HTML),
    "plotly-file": _PLOTLY,
    "plotly": _list_of("plotly", _PLOTLY),
    "object3D-file": _OBJECT3D,
    "object3D": _list_of("objects", _OBJECT3D),
    "molecule-file": _MOLECULE,
    "molecule": _list_of("molecule", _MOLECULE),
    "table-file": _table,
    "incremental-table-file": _table,
}

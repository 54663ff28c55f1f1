"""TensorBoard's own data routes over log directories: the paths, parameters and answers of TensorBoard 2.21.

``/data/...`` is about all log directories, ``/experiment/NAME/data/...`` about one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from epochal.errors import NotFound, UsageError
from epochal.server.answers import json_response
from epochal.server.bodies import JSON_LIMIT, read_body
from epochal.server.media_bytes import HEADERS, media_type
from epochal.server.route import Call, Endpoint, Method, Route
from epochal.server.tensorboard.forms import Fields, read_form
from epochal.server.tensorboard.provider import Provider, bins, images
from epochal.store.base import Store

# Names and elements are those that TensorBoard's page knows; the media that make a plugin active.
_PLUGINS: tuple[tuple[str, str, str | None, str], ...] = (
    ("timeseries", "Time Series", None, "any"),
    ("scalars", "scalars", "tf-scalar-dashboard", "scalar"),
    ("custom_scalars", "Custom Scalars", "tf-custom-scalar-dashboard", "layout"),
    ("images", "images", "tf-image-dashboard", "image"),
    ("audio", "audio", "tf-audio-dashboard", "audio"),
    ("graphs", "graphs", "tf-graph-dashboard", "graph"),
    ("distributions", "distributions", "tf-distribution-dashboard", "histogram"),
    ("histograms", "histograms", "tf-histogram-dashboard", "histogram"),
    ("text", "text", "tf-text-dashboard", "text"),
    ("pr_curves", "PR Curves", "tf-pr-curve-dashboard", "pr_curve"),
    ("mesh", "mesh", "mesh-dashboard", "mesh"),
)
_IMMUTABLE = {**HEADERS, "cache-control": "private, max-age=3600"}


class _Refused(Exception):
    """An answer in TensorBoard's words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


Work = Callable[[Provider, Mapping[str, str], Fields], Any]
"""Answers a question: a JSON value, or a whole response. Parameters of the address, fields of the form."""


def _endpoint(work: Work, *, form: bool = False) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        parameters = dict(call.request.query_params)
        fields: Fields = {}
        if form:
            body = await read_body(call.request, JSON_LIMIT)
            fields = read_form(call.request.headers.get("content-type", ""), body)
        store = await call.service.open_store()

        def read() -> Response:
            try:
                answer = work(_provider(call, store), parameters, fields)
            except _Refused as error:
                return Response(str(error), error.status, media_type="text/plain")
            if isinstance(answer, Response):
                return answer
            return json_response(call.request, answer)

        return await call.service.series(call.request, read)

    return endpoint


def _provider(call: Call, store: Store) -> Provider:
    project = call.path("experiment") if "experiment" in call.request.path_params else None
    provider = Provider(store, call.principal, project)
    if project is not None and not provider.projects:
        raise NotFound(f"there is no log directory {project}")
    return provider


# ------------------------------------------------------------------------------------------------ the core


async def environment(call: Call) -> Response:
    """Answer what TensorBoard says about itself; the version is ours."""
    store = await call.service.open_store()
    provider = await call.service.catalog(_provider, call, store)
    watched = call.service.logdirs.describe() if call.service.logdirs is not None else []
    roots = [str(each["root"]) for each in watched if each["project"] in provider.projects]
    return json_response(
        call.request,
        {
            "version": call.service.settings.version,
            "data_location": ",".join(roots),
            "window_title": "",
            "experiment_name": "",
            "experiment_description": "",
            "creation_time": 0,
        },
    )


def _runs(provider: Provider, _parameters: Mapping[str, str], _form: Fields) -> Any:
    return list(provider.runs)


def _plugins_listing(provider: Provider, _parameters: Mapping[str, str], _form: Fields) -> Any:
    active = provider.all_media()
    listing: dict[str, Any] = {}
    for name, tab, element, media in _PLUGINS:
        loading: dict[str, str] = {"type": "NG_COMPONENT"}
        if element is not None:
            loading = {"type": "CUSTOM_ELEMENT", "element_name": element}
        listing[name] = {
            "disable_reload": name == "graphs",
            "enabled": bool(active & {"scalar", "image", "histogram"})
            if media == "any"
            else media in active,
            "remove_dom": False,
            "tab_name": tab,
            "loading_mechanism": loading,
        }
    return listing


# ------------------------------------------------------------------------------------------------ scalars


def _described(tags: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    return {
        run: {tag: {"displayName": tag, "description": ""} for tag in names}
        for run, names in tags.items()
    }


def _scalar_tags(provider: Provider, _parameters: Mapping[str, str], _form: Fields) -> Any:
    return _described(provider.scalar_tags())


def _scalars(provider: Provider, parameters: Mapping[str, str], _form: Fields) -> Any:
    tag, run = parameters.get("tag"), parameters.get("run")
    if tag is None or run is None:
        raise _Refused(
            400, f"Invalid argument: Both run and tag must be specified: tag={tag!r}, run={run!r}"
        )
    points = provider.scalars(run, tag)
    if points is None:
        raise _Refused(404, f"Not found: No scalar data for run={run!r}, tag={tag!r}")
    if parameters.get("format") != "csv":
        return points
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["Wall time", "Step", "Value"])
    table.writerows([float(time), step, float(value)] for time, step, value in points)
    return Response(text.getvalue(), media_type="text/csv")


def _scalars_of_runs(provider: Provider, _parameters: Mapping[str, str], form: Fields) -> Any:
    tags = form.get("tag", [])
    if len(tags) != 1:
        raise _Refused(400, "Invalid argument: tag must be specified exactly once")
    wanted = set(form.get("runs", []))
    found = {run: provider.scalars(run, tags[0]) for run in provider.runs if run in wanted}
    return {run: points for run, points in found.items() if points is not None}


# ------------------------------------------------------------------------------------------------ images


def _image_tags(provider: Provider, _parameters: Mapping[str, str], _form: Fields) -> Any:
    tags = provider.media_tags("image")
    samples = provider.samples(tags)
    described = _described(tags)
    for run, names in described.items():
        for tag, about in names.items():
            about["samples"] = samples.get((run, tag), 0)
    return described


def _images(provider: Provider, parameters: Mapping[str, str], _form: Fields) -> Any:
    tag, run = parameters.get("tag"), parameters.get("run")
    sample = _integer(parameters.get("sample", "0"))
    found = None if run is None or tag is None else provider.media(run, tag, "image")
    if found is None:
        raise _Refused(404, f"Not found: No image data for run={run!r}, tag={tag!r}")
    return [
        {
            "wall_time": each.time,
            "step": each.step,
            "query": urlencode({"blob_key": _key(each.source, images(each.value)[sample])}),
        }
        for each in found
        if len(images(each.value)) > sample
    ]


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"sample is {text[:40]!r}; expected a number from 0 on")
    return int(text)


def _key(writer: str, image: Mapping[str, Any]) -> str:
    """Return the name of an image's bytes: the address below /api/v1 that has them too."""
    from epochal.server.wire_objects import address

    return (address(image, writer, "") or "").removeprefix("/api/v1/")


def _image_endpoint(parameter: str) -> Endpoint:
    async def endpoint(call: Call) -> Response:
        parts = call.request.query_params.get(parameter, "").split("/")
        store = await call.service.open_store()

        def read() -> bytes:
            if len(parts) == 2 and parts[0] == "blobs":
                return store.read_blob(call.principal, parts[1])[1]
            numbers = parts[2:]
            if (
                parts[0] != "sources"
                or len(numbers) != 3
                or not all(n.isascii() and n.isdigit() and len(n) <= 18 for n in numbers)
            ):
                raise NotFound("there is no such image: its key comes from the list of images")
            _run, where = store.source(call.principal, parts[1])
            record, start, size = map(int, numbers)
            return call.service.sources.read(where, record, start, size)

        data = await call.service.part(read)
        return Response(data, 200, _IMMUTABLE, media_type(data[:16]))

    return endpoint


# ------------------------------------------------------------------------------------------------ time series


def _time_series_tags(provider: Provider, _parameters: Mapping[str, str], _form: Fields) -> Any:
    tags = provider.media_tags("image")
    samples = provider.samples(tags)
    by_tag: dict[str, dict[str, Any]] = {}
    for run, names in tags.items():
        for tag in names:
            about = {"maxSamplesPerStep": samples.get((run, tag), 0)}
            by_tag.setdefault(tag, {})[run] = about
    return {
        "scalars": {"runTagInfo": provider.scalar_tags(), "tagDescriptions": {}},
        "histograms": {"runTagInfo": provider.media_tags("histogram"), "tagDescriptions": {}},
        "images": {"tagDescriptions": {}, "tagRunSampledInfo": by_tag},
    }


def _time_series(provider: Provider, _parameters: Mapping[str, str], form: Fields) -> Any:
    try:
        (text,) = form.get("requests", [])
        asked = json.loads(text)
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not all(isinstance(each, dict) for each in asked):
        raise _Refused(400, "Invalid argument: Missing or malformed 'requests' field")
    return [_one_time_series(provider, each) for each in asked]


def _one_time_series(provider: Provider, asked: Mapping[str, Any]) -> dict[str, Any]:
    tag, run, plugin, sample = (asked.get(name) for name in ("tag", "run", "plugin", "sample"))
    answer: dict[str, Any] = {"plugin": plugin, "tag": tag}
    if isinstance(run, str):
        answer["run"] = run
    if isinstance(sample, int):
        answer["sample"] = sample
    fault = None
    if not isinstance(tag, str):
        fault = "Missing tag"
    elif plugin not in ("scalars", "histograms", "images"):
        fault = "Invalid plugin"
    elif plugin != "scalars" and not isinstance(run, str):
        fault = "Missing run"
    elif plugin == "images" and not isinstance(sample, int):
        fault = "Missing sample"
    if fault is not None:
        return {**answer, "error": fault}
    found: dict[str, Any] = {}
    for name in [run] if run else list(provider.runs):
        series = _series_of(provider, str(name), str(tag), str(plugin), sample)
        if series:
            found[str(name)] = series
    answer["runToSeries"] = found
    return answer


def _series_of(provider: Provider, run: str, tag: str, plugin: str, sample: Any) -> list[Any]:
    if plugin == "scalars":
        return [
            {"wallTime": time, "step": step, "value": value}
            for time, step, value in provider.scalars(run, tag) or ()
        ]
    if plugin == "histograms":
        return [
            {
                "wallTime": each.time,
                "step": each.step,
                "bins": [{"min": a, "max": b, "count": n} for a, b, n in bins(each.value)],
            }
            for each in provider.media(run, tag, "histogram") or ()
        ]
    return [
        {
            "step": each.step,
            "wallTime": each.time,
            "imageId": _key(each.source, images(each.value)[sample]),
        }
        for each in provider.media(run, tag, "image") or ()
        if 0 <= sample < len(images(each.value))
    ]


# ------------------------------------------------------------------------------------------------ the table

_TABLE: tuple[tuple[Method, str, Endpoint, str], ...] = (
    ("GET", "environment", environment, "What TensorBoard says about itself"),
    ("GET", "runs", _endpoint(_runs), "The runs of log directories by name"),
    ("GET", "plugins_listing", _endpoint(_plugins_listing), "Which kinds of data there are"),
    ("GET", "plugin/scalars/tags", _endpoint(_scalar_tags), "The scalars of each run"),
    ("GET", "plugin/scalars/scalars", _endpoint(_scalars), "Every point of a scalar"),
    (
        "POST",
        "plugin/scalars/scalars_multirun",
        _endpoint(_scalars_of_runs, form=True),
        "Every point of a scalar of several runs",
    ),
    ("GET", "plugin/images/tags", _endpoint(_image_tags), "The images of each run"),
    ("GET", "plugin/images/images", _endpoint(_images), "Where the images of a tag are"),
    ("GET", "plugin/images/individualImage", _image_endpoint("blob_key"), "One image"),
    ("GET", "plugin/timeseries/tags", _endpoint(_time_series_tags), "All tags of each run"),
    (
        "POST",
        "plugin/timeseries/timeSeries",
        _endpoint(_time_series, form=True),
        "Scalars, histograms and images of several tags",
    ),
    ("GET", "plugin/timeseries/imageData", _image_endpoint("imageId"), "One image"),
)
ROUTES = tuple(
    Route(
        method,
        f"{prefix}/data/{path}",
        "read",
        endpoint,
        f"TensorBoard: {summary}",
        "application/json",
    )
    for prefix in ("", "/experiment/{experiment}")
    for method, path, endpoint, summary in _TABLE
)

"""One of everything by our writer and by torch's, asked for at TensorBoard's own server: the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.compat.conftest import other_peoples_warnings, pixels, write_both
from tests.compat.test_against_torch import CALLS, CURVE, Deep, tensor

pytestmark = [pytest.mark.torch, pytest.mark.soak]

CALLED = (
    "scalar", "histogram", "histogram: raw", "histogram: integers", "pr curve", "image", "images", "boxes",
    "figure", "audio", "text", "mesh", "layout", "layout: lines", "layout: margin", "tensors",
)  # fmt: skip


def everything(writer: Any) -> None:
    for name in CALLED:
        CALLS[name](writer)
    writer.add_pr_curve_raw("raw", *CURVE, 2, num_thresholds=5, walltime=1)
    writer.add_scalars("group", {"x": 1, "y": 2}, 3, 4)
    writer.add_embedding(tensor([[1.5, 2], [3, 4]]), ["a", "b"], global_step=3, tag="e")
    writer.add_hparams({"lr": 0.1, "name": "x"}, {"accuracy": 0.5}, run_name="one")
    model, given = Deep.models()["convolutions"]
    writer.add_graph(model, given)


class Server:
    """TensorBoard's application over a folder, without a socket."""

    def __init__(self, folder: Path) -> None:
        from tensorboard import default, program
        from tensorboard.backend import application
        from werkzeug.test import Client

        board: Any = program.TensorBoard(plugins=default.get_plugins())
        # Blocking: by default a thread of its own finds the runs, and the first answers may come before.
        board.configure(
            logdir=str(folder), load_fast="false", reload_task="blocking", reload_interval=0
        )
        provider, multiplexer = board._make_data_provider()
        app: Any = application.TensorBoardWSGIApp(
            board.flags, board.plugin_loaders, provider, None, multiplexer
        )
        self._client: Any = Client(app)

    def get(self, route: str, body: Any = None, **query: Any) -> bytes:
        address = f"/data/plugin/{route}{'?' if query else ''}{urlencode(query)}"
        ask = self._client.get if body is None else self._client.post
        answer = ask(address, **({} if body is None else {"json": body}))
        assert answer.status_code == 200, (address, answer.status, answer.data[:300])
        return answer.data

    def json(self, route: str, body: Any = None, **query: Any) -> Any:
        return json.loads(self.get(route, body, **query))


def picture(server: Server, name: str, run: str, tag: str) -> Any:
    found = server.json(f"{name}/{name}", run=run, tag=tag, sample=0)
    contents: list[Any] = []
    for each in found:
        data = server.get(f"{name}/individual{name.capitalize().rstrip('s')}?{each.pop('query')}")
        contents.append(pixels(data).tolist() if name == "images" else data)
    return found, contents


READERS: dict[str, Callable[[Server, str, str], Any]] = {
    "scalars": lambda s, run, tag: s.json("scalars/scalars", run=run, tag=tag),
    "histograms": lambda s, run, tag: s.json("histograms/histograms", run=run, tag=tag),
    "distributions": lambda s, run, tag: s.json("distributions/distributions", run=run, tag=tag),
    "pr_curves": lambda s, run, tag: s.json("pr_curves/pr_curves", run=run, tag=tag)[run],
    "text": lambda s, run, tag: s.json("text/text", run=run, tag=tag),
    "mesh": lambda s, run, tag: (
        s.json("mesh/meshes", run=run, tag=tag, sample=0),
        [s.get("mesh/data", run=run, tag=tag, sample=0, step=3, content_type=kind)
         for kind in ("VERTEX", "FACE", "COLOR")],
    ),
    "images": lambda s, run, tag: picture(s, "images", run, tag),
    "audio": lambda s, run, tag: picture(s, "audio", run, tag),
}  # fmt: skip


def test_the_server_answers_the_same_about_both(tmp_path: Path) -> None:
    write_both(tmp_path / "logs", everything)
    with other_peoples_warnings():
        server = Server(tmp_path / "logs")
        compare(server)


def of_run(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what belongs to a run and its sub-runs, by the names below it."""
    return {
        run.removeprefix(name): value for run, value in values.items() if run.split("/")[0] == name
    }


def compare(server: Server) -> None:
    for plugin, read in READERS.items():
        tags = server.json(f"{plugin}/tags")
        ours, theirs = of_run(tags, "ours"), of_run(tags, "theirs")
        assert ours == theirs
        assert ours
        for run, names in theirs.items():
            for tag in names:
                mine, other = (timeless(read(server, who + run, tag)) for who in ("ours", "theirs"))
                assert mine == other, (plugin, tag)
    for route in ("graphs/graph", "graphs/run_metadata"):
        query = {"tag": "step1"} if "meta" in route else {"conceptual": "false"}
        mine, other = (server.get(route, run=run, **query) for run in ("ours", "theirs"))
        assert mine == other
        assert mine
    found = [server.get("projector/tensor", run=run, name="e:00003") for run in ("ours", "theirs")]
    assert found[0] == found[1]
    assert np.frombuffer(found[0], "<f4").tolist() == [1.5, 2, 3, 4]
    session_groups(server)


def timeless(value: Any) -> Any:
    """Return an answer without the times that nobody gave: of `now`."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k != "wall_time" or v < 1e6}
    if isinstance(value, list | tuple):
        return [timeless(each) for each in value if not isinstance(each, float) or each < 1e9]
    return value


def session_groups(server: Server) -> None:
    server.json("hparams/experiment", {"experimentName": ""})
    body = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [{"metric": {"group": "", "tag": "accuracy"}}],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = server.json("hparams/session_groups", body)["sessionGroups"]
    found = {each["sessions"][0]["name"].split("/")[0]: each for each in groups}
    assert found["ours"]["hparams"] == found["theirs"]["hparams"] == {"lr": 0.1, "name": "x"}
    values = [found[name]["metricValues"][0]["value"] for name in ("ours", "theirs")]
    assert values == [0.5, 0.5]

"""A still picture of the first charts of a project or run, as SVG: what a notebook keeps without a server."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from epochal.sdk.local_server import LocalServer

RUNS, KEYS, COLUMNS = 20, 6, 3
WIDTH, HEIGHT, GAP = 300, 150, 12
TITLE = 20
POINTS = 300
"""Columns that a line is reduced to."""
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#5f6b6d")
TIMEOUT_S = 10.0
PATIENCE_S = 2.0
"""A server that has just been started, or told of a folder, needs a moment to read what is there."""
POLL_S = 0.1

Line = tuple[list[float], list[float]]


def project_picture(server: LocalServer, page: str) -> str:
    """Return the first charts of a page (``entity/project`` or ``entity/project/runs/id``) as an SVG document.

    Empty when the server cannot be asked or there is nothing to draw: a picture is a courtesy, and never an error.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            charts = _read_charts(server, page)
        except Exception:  # whatever it is, the page itself is shown all the same
            charts = []
        if charts:
            return draw_charts(charts)
        if time.monotonic() > deadline:
            return ""
        time.sleep(POLL_S)


def _read_charts(server: LocalServer, page: str) -> list[tuple[str, list[Line]]]:
    import httpx

    from epochal.formats.bundle import read_bundle

    entity, project, *rest = [
        quote(unquote(part), safe="") for part in page.split("?")[0].split("/")
    ]
    headers = {"Authorization": f"Bearer {server.token}"}
    root = f"{server.url}/api/v1"
    with httpx.Client(headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        path = f"{root}/projects/{entity}/{project}"
        if len(rest) >= 2 and rest[0] == "runs":
            uids = [client.get(f"{path}/runs/{rest[1]}").raise_for_status().json()["uid"]]
        else:
            runs = client.get(f"{path}/runs", params={"limit": RUNS}).raise_for_status().json()
            uids = [run["uid"] for run in runs["runs"]]
        known = client.get(f"{path}/keys").raise_for_status().json()["keys"]
        keys = [key["name"] for key in known if _is_drawn(key)][:KEYS]
        if not uids or not keys:
            return []
        question = {"runs": uids, "keys": keys, "px": POINTS}
        answer = client.post(f"{root}/series", json=question).raise_for_status().content
    header, array = read_bundle(answer)
    lines: dict[str, list[Line]] = {key: [] for key in keys}
    for entry in header["series"]:
        if entry["mode"] == "points":
            lines[entry["key"]].append((array(entry["x"]).tolist(), array(entry["y"]).tolist()))
        else:
            xs = [x for x in array(entry["x0"]).tolist() for _ in range(2)]
            pairs = zip(array(entry["min"]).tolist(), array(entry["max"]).tolist(), strict=True)
            lines[entry["key"]].append((xs, [y for pair in pairs for y in pair]))
    return [(key, found) for key, found in lines.items() if found]


def _is_drawn(key: dict[str, Any]) -> bool:
    return not key["hidden"] and any(kind != "object" for kind in key["kinds"])


def draw_charts(charts: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """Return charts as one SVG document, three beside each other.

    charts: for each its title and its lines, x and y lists of equal length; what is not finite breaks a line.
    """
    rows = math.ceil(len(charts) / COLUMNS)
    columns = min(COLUMNS, len(charts))
    width = columns * (WIDTH + GAP) - GAP
    height = rows * (HEIGHT + TITLE + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
    ]
    for i, (title, lines) in enumerate(charts):
        x, y = i % COLUMNS * (WIDTH + GAP), i // COLUMNS * (HEIGHT + TITLE + GAP)
        parts.append(f'<g transform="translate({x} {y})">{_chart(title, lines)}</g>')
    return "".join([*parts, "</svg>"])


def _chart(title: str, lines: Sequence[Line]) -> str:
    xs = [x for line in lines for x in line[0] if math.isfinite(x)]
    ys = [y for line in lines for y in line[1] if math.isfinite(y)]
    text = html.escape(title)
    parts = [
        f'<text x="2" y="14" fill="#1f2328">{text}</text>',
        f'<rect x="0.5" y="{TITLE}.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" fill="none" stroke="#d8dee4"/>',
    ]
    if not xs or not ys:
        return "".join(parts)
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    across = (WIDTH - 8) / ((right - left) or 1.0)
    upward = (HEIGHT - 8) / ((high - low) or 1.0)
    for i, (line_x, line_y) in enumerate(lines):
        path: list[str] = []
        command = "M"
        for x, y in zip(line_x, line_y, strict=True):
            if not (math.isfinite(x) and math.isfinite(y)):
                command = "M"
                continue
            across_x = 4 + (x - left) * across
            path.append(f"{command}{across_x:.1f} {TITLE + HEIGHT - 4 - (y - low) * upward:.1f}")
            command = "L"
        colour = PALETTE[i % len(PALETTE)]
        parts.append(
            f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.2"/>'
        )
    for y, value in ((TITLE + 14, high), (TITLE + HEIGHT - 6, low)):
        parts.append(
            f'<text x="{WIDTH - 6}" y="{y}" text-anchor="end" fill="#59636e">{value:.4g}</text>'
        )
    return "".join(parts)

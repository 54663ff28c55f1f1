"""The page in which figures of plotly are drawn: of no origin, so that what a figure says reaches nothing.

The web interface frames it, waits for `{"kind": "ready"}` and sends `{"kind": "draw", "script": address of plotly.js,
"bytes": ArrayBuffer of Plotly's JSON}`; the page answers `{"kind": "drawn", "text": title}` or `{"kind": "failed",
"text": why}`.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

from starlette.responses import Response

from epochal.server.route import Call

SCRIPT = """
const box = document.getElementById("figure");
const say = (kind, text) => parent.postMessage({ kind, text }, "*");

function read(bytes) {
  const unreadable = new Error("This file is no figure that can be read.");
  let found;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw unreadable;
  }
  if (!Array.isArray(found?.data)) throw unreadable;
  return found;
}

async function draw(bytes) {
  const { data, layout, frames } = read(bytes);
  // As large as its cell, whatever the page was that it was made for.
  const { width, height, ...looks } = layout ?? {};
  const figure = { data, layout: { ...looks, autosize: true }, config: { responsive: true, displaylogo: false } };
  if (Array.isArray(frames)) figure.frames = frames;
  await Plotly.newPlot(box, figure);
  const title = looks.title?.text ?? looks.title;
  say("drawn", typeof title === "string" ? title.replace(/<[^>]*>/g, " ").trim() : "");
}

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.kind !== "draw") return;
  const script = document.createElement("script");
  script.onerror = () => say("failed", "What draws this figure could not be loaded; reload the page.");
  script.onload = () => draw(data.bytes).catch((error) => say("failed", String(error?.message ?? error)));
  script.src = data.script;
  document.head.append(script);
});
say("ready");
"""
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>figure</title>
<style>html, body, #figure {{ height: 100%; margin: 0; overflow: hidden; background: #fff; }}</style></head>
<body><div id="figure"></div><script>{SCRIPT}</script></body></html>
"""
_HASH = b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = (
    "sandbox allow-scripts; default-src 'none'; "
    # plotly makes the programs of its WebGL kinds as text
    f"script-src 'self' 'sha256-{_HASH}' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data: blob:; worker-src blob:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""Of the page: it may run plotly.js of this server and nothing that a figure brings along, and can ask nobody for
anything; so the maps that plotly fetches from elsewhere stay without their land."""


async def frame(call: Call) -> Response:
    """Answer the page."""
    del call
    headers = {
        "content-security-policy": POLICY,
        # what browsers of today pass over where frame-ancestors is there, and older ones know
        "x-frame-options": "SAMEORIGIN",
        "cache-control": "no-cache",
        "referrer-policy": "no-referrer",
    }
    return Response(PAGE, 200, headers, "text/html; charset=utf-8")

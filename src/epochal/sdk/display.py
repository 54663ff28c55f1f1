"""A page of the server inside a notebook: a frame where the notebook allows one, else a picture of the data.

The frame's address is chosen by the browser that shows it: beside the notebook on the same machine, behind the proxy
of a hub, or through Colab's. A page in it says so to the notebook; until then, and where it never does (a notebook on
a site that strips scripts and frames, a server that has gone), the picture stands.
"""

from __future__ import annotations

import base64
import html
import json
import os
import secrets
from dataclasses import dataclass

from epochal.sdk.local_server import LocalServer
from epochal.sdk.picture import project_picture

DEFAULT_HEIGHT = 640

_SCRIPT = """
(function () {
  const box = document.getElementById(%(id)s);
  if (!box) return;
  const port = %(port)s, path = %(path)s, server = %(server)s, hub = %(hub)s;
  const isHere = (name) => /^(localhost|127\\.0\\.0\\.1|\\[::1\\])$/.test(name);
  async function places() {
    const colab = window.google && window.google.colab;
    if (colab && colab.kernel && colab.kernel.proxyPort) return [await colab.kernel.proxyPort(port)];
    const found = [];
    if (isHere(location.hostname)) found.push("http://" + location.hostname + ":" + port);
    else if (/^https?:$/.test(location.protocol)) {
      const config = document.getElementById("jupyter-config-data");
      let base = hub || document.body.dataset.baseUrl;
      try { base = base || JSON.parse(config.textContent).baseUrl; } catch (error) { /* no Jupyter */ }
      if (base) found.push(location.origin + base.replace(/\\/?$/, "/") + "proxy/" + port);
    }
    found.push(server);
    return found;
  }
  function show(address) {
    return new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.src = address.replace(/\\/$/, "") + path;
      frame.style.cssText = "position:absolute;inset:0;width:100%%;height:100%%;border:0;visibility:hidden";
      frame.title = "epochal";
      const timer = setTimeout(() => end(false), 20000);
      function hear(event) {
        if (event.source === frame.contentWindow && event.data === "epochal-ready") end(true);
      }
      function end(isThere) {
        clearTimeout(timer);
        removeEventListener("message", hear);
        if (isThere) {
          frame.style.visibility = "visible";
          for (const other of [...box.children]) if (other !== frame) other.remove();
        } else frame.remove();
        done(isThere);
      }
      addEventListener("message", hear);
      box.appendChild(frame);
    });
  }
  (async () => {
    for (const address of await places()) if (await show(address)) return;
  })();
})();
"""


@dataclass(frozen=True, slots=True, repr=False)
class FramedPage:
    """What a notebook shows for a page: its rich form is HTML, its plain one the address.

    page: path below the server's root, such as ``local/digits``. picture: an SVG document, or empty.
    """

    server: LocalServer
    page: str
    height: int = DEFAULT_HEIGHT
    picture: str = ""

    @property
    def url(self) -> str:
        """The address of the page in a browser of this machine."""
        return f"{self.server.url}/{self.page}"

    def __repr__(self) -> str:
        return f"<epochal page {self.url}>"

    def _repr_html_(self) -> str:
        name = f"epochal-{secrets.token_hex(6)}"
        base = self.server.base_path
        path = f"{base}{self.server.frame}/embed/{self.page}"
        hub = os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
        origin = self.server.url.removesuffix(base) if base else self.server.url
        script = _SCRIPT % {
            "id": _literal(name),
            "port": self.server.port,
            "path": _literal(path),
            "server": _literal(origin),
            "hub": _literal(hub),
        }
        # The frame's key, not the token: outputs of cells are kept and passed on.
        link = f"{self.server.url}{self.server.frame}/{self.page}"
        shown = ""
        if self.picture:
            data = base64.b64encode(self.picture.encode()).decode("ascii")
            shown = (
                f'<img alt="Charts of {html.escape(self.page)}" style="max-width:100%" '
                f'src="data:image/svg+xml;base64,{data}">'
            )
        return (
            f'<div id="{name}" style="position:relative;width:100%;height:{self.height}px;overflow:auto">{shown}'
            f'<p><a href="{html.escape(link)}" target="_blank" rel="noopener">{html.escape(self.url)}</a></p></div>'
            f"<script>{script}</script>"
        )


def _literal(text: str) -> str:
    """Return a JavaScript string that cannot end the script element it stands in."""
    return json.dumps(text).replace("<", "\\u003c")


def framed(server: LocalServer, page: str, height: int = DEFAULT_HEIGHT) -> FramedPage:
    """Return a page to be shown in a notebook, with a picture of what it shows now."""
    return FramedPage(server, page, height, project_picture(server, page))

"""The page /authorize, to which the wandb client sends whoever it asks for a key: shows the key, and how to use it."""

from __future__ import annotations

import hashlib
import html
from base64 import b64encode
from pathlib import Path

from starlette.responses import Response

from epochal.errors import UsageError
from epochal.records import Principal
from epochal.server.answers import base_url_of
from epochal.server.auth import load_token
from epochal.server.guard import CONTENT_SECURITY_POLICY
from epochal.server.route import FRAME_CALLER, Call
from epochal.server.settings import Settings


async def authorize(call: Call) -> Response:
    """Answer the page; whoever asks has logged in.

    The key is shown to its owner alone, and never below the address of a framed page, which is no key.
    """
    framed = FRAME_CALLER in call.request.scope
    token = None if framed else own_token(call.service.settings, call.principal)
    if token is None:
        content = NO_KEY
    else:
        url = base_url_of(call.request, call.service.settings)
        content = PAGE.format(
            key=html.escape(token),
            lines=html.escape(f"export WANDB_BASE_URL={url}\nexport WANDB_API_KEY={token}"),
            login=html.escape(f"wandb login --host={url}"),
        )
    return Response(DOCUMENT.format(style=STYLE, content=content), 200, HEADERS, "text/html")


def own_token(settings: Settings, principal: Principal) -> str | None:
    """Return the data directory's token when it is that of `principal`; the server itself keeps digests only."""
    if settings.data is None:
        return None
    try:
        token = load_token(Path(settings.data))
    except (UsageError, OSError):  # damaged or unreadable since the start
        return None
    return token if settings.keys.by_token(token) == principal else None


STYLE = """
:root { color-scheme: light; --bg: #fbfbfc; --panel: #fff; --sunk: #f4f5f7; --line: #d5d9e0; --ink: #14171c;
  --ink2: #4a5160; --accent: #3b5bdb; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; --bg: #0e1014; --panel: #15181e; --sunk: #101318;
  --line: #303744; --ink: #e8eaee; --ink2: #aab2c0; --accent: #8aa2ff; --on: #0e1014; } }
body { margin: 0; background: var(--bg); color: var(--ink);
  font: 14px/1.5 ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 44rem; margin: 12vh auto 3rem; padding: 1.5rem; box-sizing: border-box; background: var(--panel);
  border: 1px solid var(--line); border-radius: 8px; }
h1 { font-size: 1.15rem; font-weight: 600; margin: 0 0 .25rem; }
h2 { font-size: .85rem; font-weight: 600; margin: 1.25rem 0 .35rem; color: var(--ink2); }
p { margin: .35rem 0; color: var(--ink2); }
div { display: flex; gap: .5rem; align-items: stretch; }
pre { flex: 1; min-width: 0; margin: 0; padding: .5rem .65rem; background: var(--sunk); border: 1px solid var(--line);
  border-radius: 5px; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; color: var(--ink); }
button { font: inherit; min-width: 5.5rem; padding: .35rem .75rem; border: 1px solid var(--line); border-radius: 5px;
  background: var(--panel); color: var(--ink); cursor: pointer; align-self: flex-start; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on); }
button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
"""
SCRIPT = """
for (const button of document.querySelectorAll("button")) {
  const source = document.getElementById(button.dataset.copies);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch { // plain http of another machine has no clipboard interface
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
    document.getElementById("said").textContent = button.dataset.said;
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}
"""
PAGE = (
    """
<h1>Your API key</h1>
<p>Whoever has it can read and write here: treat it as a password. <code>wandb login</code> asks for it.</p>
<h2 id="key-name">Key</h2>
<div><pre id="key" role="region" aria-labelledby="key-name">{key}</pre>
<button class="main" data-copies="key" data-said="The key has been copied">Copy key</button></div>
<h2 id="lines-name">For scripts that use the wandb client, or epochal&rsquo;s own</h2>
<div><pre id="lines" role="region" aria-labelledby="lines-name">{lines}</pre>
<button data-copies="lines" data-said="Both lines have been copied">Copy lines</button></div>
<h2 id="login-name">Or once on each machine</h2>
<div><pre id="login" role="region" aria-labelledby="login-name">{login}</pre>
<button data-copies="login" data-said="The command has been copied">Copy</button></div>
<p role="status" id="said"></p>
<script>"""
    + SCRIPT.replace("{", "{{").replace("}", "}}")
    + "</script>"
)
NO_KEY = """
<h1>Your API key is not shown here</h1>
<p>It is the token in the link that <code>epochal up</code> printed, and in the file <code>token</code> of the data
directory. <code>wandb login</code> asks for it.</p>
"""
DOCUMENT = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>API key - epochal</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
    "<style>{style}</style></head><body><main>{content}</main></body></html>\n"
)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    # the page's own style and script are inline, and allowed by their hashes
    "content-security-policy": CONTENT_SECURITY_POLICY.replace(
        "style-src 'self'", f"style-src {_hash(STYLE)}"
    ).replace("script-src 'self'", f"script-src {_hash(SCRIPT)}"),
}

"""Chromium with nothing between it and the page: what a navigation costs where nobody watches the network.

Playwright has every page report its requests (`Network.enable`): the browser's processes then tell of each request
and each piece of an answer, and V8 works out the line from which each request was made. No page of a user has that.
Here Chromium is spoken to directly, through a pair of pipes (the DevTools protocol, JSON messages that end with a
zero byte), and nothing is enabled but what a measurement asks for.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
import time
from typing import Any, Self


class PlainChromium:
    """A headless Chromium in a profile of its own; ends with the `with` block."""

    def __init__(self, executable: str, flags: tuple[str, ...], size: tuple[int, int]) -> None:
        self.size = size
        self._folder = tempfile.TemporaryDirectory(prefix="epochal-chromium-")
        heard, told = os.pipe(), os.pipe()
        command = [
            executable,
            "--headless",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._folder.name}",
            f"--window-size={size[0]},{size[1]}",
            "--hide-scrollbars",
            "--mute-audio",
            "--disable-extensions",
            *flags,
            "about:blank",
        ]
        # Chromium reads descriptor 3 and writes descriptor 4, whatever ours are called.
        shell = f'exec "$@" 3<&{told[0]} 4>&{heard[1]}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(told[0], heard[1]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(told[0])
        os.close(heard[1])
        self._out = os.fdopen(told[1], "wb", buffering=0)
        self._in = os.fdopen(heard[0], "rb")
        self._rest = b""
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.call("Browser.close")
        self._process.wait(30)
        self._out.close()
        self._in.close()
        self._folder.cleanup()

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Return the answer to one command; events that come before it are dropped."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def _next(self) -> bytes:
        while b"\0" not in self._rest:
            piece = os.read(self._in.fileno(), 1 << 16)
            if not piece:
                raise RuntimeError("Chromium has ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return message

    def page(self) -> PlainPage:
        """Open an empty tab."""
        return PlainPage(self)


class PlainPage:
    """A tab."""

    def __init__(self, chromium: PlainChromium) -> None:
        self._chromium = chromium
        self._target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        attached = chromium.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session = attached["sessionId"]
        width, height = chromium.size
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def goto(self, url: str) -> None:
        """Navigate; return once the new document has begun."""
        self._call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; of a promise, what it comes to."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(f"not true within {seconds:g} s: {expression}")
            time.sleep(0.02)

    def watch_cpu(self) -> None:
        """Have the main thread's CPU time counted from now on."""
        self._call("Performance.enable", timeDomain="threadTicks")

    def metric(self, name: str) -> float:
        """Return a metric of Chromium's, in seconds of CPU of the main thread."""
        metrics = self._call("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == name)

    def close(self) -> None:
        """Close the tab."""
        self._chromium.call("Target.closeTarget", targetId=self._target)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._chromium.call(method, self._session, **parameters)

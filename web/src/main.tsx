import { effect } from "@preact/signals";
import { render } from "preact";
import { forgetAnswers } from "./data/page_answers.ts";
import { App } from "./pages/app.tsx";
import { startKeys } from "./state/keys.ts";
import { readAhead } from "./state/opened.ts";
import { startPrinting } from "./state/printing.ts";
import { isEmbedded, route, startRouting } from "./state/route.ts";
import { startTheme } from "./state/theme.ts";
import { watchPresses } from "./state/view_steps.ts";
import { readViewer } from "./state/viewer.ts";
import "./theme.css";
import "./styles/controls.css";
import "./styles/frame.css";
import "./styles/run_list.css";
import "./styles/run_filter.css";
import "./styles/run_row.css";
import "./styles/panels.css";
import "./styles/arrange.css";
import "./styles/full_screen.css";
import "./styles/media.css";
import "./styles/settings.css";
import "./styles/notices.css";
import "./styles/home.css";
import "./styles/run_page.css";
import "./styles/palette.css";
import "./styles/phone.css";
import "./styles/print.css";

function start(): void {
  startTheme();
  startPrinting();
  startRouting();
  effect(() => {
    document.documentElement.toggleAttribute("data-embed", isEmbedded.value);
  });
  startKeys();
  watchPresses(document);
  void readViewer();
  const ahead = readAhead(route.peek());
  void Promise.all([ahead?.ready, styled()])
    .then(begin)
    .then(() => ahead?.leave());
}

/** Resolves once the page has its styles, without which nothing has its size: this script does not wait for them. */
async function styled(): Promise<void> {
  const sheets = [...document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]")];
  if (document.readyState === "complete" || sheets.every(({ sheet }) => sheet !== null)) return;
  // A sheet that cannot be had keeps nobody waiting: then the page is complete, too.
  const complete = new Promise((done) => window.addEventListener("load", done, { once: true }));
  const all = sheets.map(
    (one) => one.sheet ?? new Promise((done) => one.addEventListener("load", done, { once: true })),
  );
  await Promise.race([complete, Promise.all(all)]);
}

function begin(): void {
  const app = document.getElementById("app");
  if (app === null) {
    document.addEventListener("DOMContentLoaded", begin, { once: true });
    return;
  }
  render(<App />, app);
  forgetAnswers();
  // A notebook shows a picture until the page in its frame says that it is there.
  if (window.parent !== window && isEmbedded.peek()) {
    window.parent.postMessage("epochal-ready", "*");
  }
}

// Not from the module's own frame: whoever watches the network (a browser's tools, a test) asks where a request comes
// from, and for lines of this frame V8 parses the whole file again (12 ms).
queueMicrotask(start);

import { effect } from "@preact/signals";
import { render } from "preact";
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

startTheme();
startPrinting();
startRouting();
effect(() => {
  document.documentElement.toggleAttribute("data-embed", isEmbedded.value);
});
startKeys();
watchPresses(document);
void readViewer();

function begin(): void {
  render(<App />, document.getElementById("app")!);
  // A notebook shows a picture until the page in its frame says that it is there.
  if (window.parent !== window && isEmbedded.peek()) {
    window.parent.postMessage("epochal-ready", "*");
  }
}

const ahead = readAhead(route.peek());
if (ahead === null) begin();
else void ahead.ready.then(begin).then(ahead.leave);

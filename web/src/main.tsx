import { render } from "preact";
import { App } from "./pages/app.tsx";
import { startRouting } from "./state/route.ts";
import { startTheme } from "./state/theme.ts";
import { readViewer } from "./state/viewer.ts";
import "./theme.css";

startTheme();
startRouting();
void readViewer();
render(<App />, document.getElementById("app")!);

/** The ways in that work, with this server's address and data directory filled in. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { viewer } from "../state/viewer.ts";
import { CopyButton } from "../widgets/copy_button.tsx";

interface SnippetsProps {
  entity?: string;
  project?: string;
}

export function Snippets({
  entity = "local",
  project = "first-steps",
}: SnippetsProps): JSX.Element {
  const [at, setAt] = useState(0);
  const data = viewer.value?.data ?? null;
  const args =
    (entity === "local" ? "" : `, entity=${JSON.stringify(entity)}`) +
    (data === null ? "" : `, dir=${JSON.stringify(data)}`);
  const script = `import epochal

with epochal.init(project=${JSON.stringify(project)}${args}) as run:
    for step in range(1000):
        run.log({"train/loss": 1 / (1 + 0.01 * step)})`;
  const server = document.baseURI.replace(/\/$/, "");
  const ways = [
    {
      name: "On this machine",
      text: script,
      note:
        data === null
          ? "A script that logs into this server's data directory appears here within two seconds."
          : `What is logged into ${data} appears here within two seconds; with EPOCHAL_DIR set to it, or where it is the default, dir= is not needed.`,
    },
    {
      name: "Through this server",
      text: `export EPOCHAL_BASE_URL=${server}\nexport EPOCHAL_API_KEY=...   # "token" in server.json of the data directory\npython train.py`,
      note: "For scripts with another data directory, or on a machine that reaches this address.",
    },
  ];
  const way = ways[at]!;
  return (
    <div class="snippets">
      <div class="snippet-tabs">
        {ways.map((one, index) => (
          <button
            type="button"
            key={one.name}
            aria-pressed={index === at}
            onClick={() => setAt(index)}
          >
            {one.name}
          </button>
        ))}
      </div>
      <div class="snippet">
        <pre>
          <code>{way.text}</code>
        </pre>
        <CopyButton text={way.text} label={`Copy: ${way.name}`} />
      </div>
      <p>{way.note}</p>
      <p class="watching">
        <span class="pulse" /> Watching for the first point.
      </p>
    </div>
  );
}

/** The ways in that work, with this server's address and data directory filled in. */
import type { ComponentChildren, JSX } from "preact";
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
  const ways = waysIn(entity, project);
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

interface Way {
  name: string;
  text: string;
  note: ComponentChildren;
}

const LOOP = "    for step in range(1000):\n        ";

function waysIn(entity: string, project: string): readonly Way[] {
  const data = viewer.value?.data ?? null;
  const server = document.baseURI.replace(/\/$/, "");
  const name = JSON.stringify(project);
  const owner = entity === "local" ? null : entity;
  const here =
    data === null
      ? "A script that logs into this server's data directory appears here within two seconds."
      : `What is logged into ${data} appears here within two seconds; with EPOCHAL_DIR set to it, or where it is the default, dir= is not needed.`;
  return [
    {
      name: "epochal",
      text: `import epochal

with epochal.init(project=${name}${argument("entity", owner)}${argument("dir", data)}) as run:
${LOOP}run.log({"train/loss": 1 / (1 + 0.01 * step)})`,
      note: here,
    },
    {
      name: "SummaryWriter",
      text: `${environment({ EPOCHAL_DIR: data, EPOCHAL_ENTITY: owner })}from epochal.tensorboard import SummaryWriter

with SummaryWriter(project=${name}) as writer:
${LOOP}writer.add_scalar("train/loss", 1 / (1 + 0.01 * step), step)`,
      note: "In the place of torch.utils.tensorboard and tensorboardX; event files are written as well. Folders of event files that are there already: epochal tb --logdir FOLDER.",
    },
    {
      name: "wandb",
      text: `${environment({ WANDB_BASE_URL: server, WANDB_API_KEY: "..." })}import wandb

with wandb.init(project=${name}${argument("entity", owner)}) as run:
${LOOP}run.log({"train/loss": 1 / (1 + 0.01 * step)})`,
      note: (
        <>
          The client as it is; the <a href={`${server}/authorize`}>key</a> is that of this server.
        </>
      ),
    },
    {
      name: "elsewhere",
      text: `export EPOCHAL_BASE_URL=${server}\nexport EPOCHAL_API_KEY=...   # "token" in server.json of the data directory\npython train.py`,
      note: "For scripts with another data directory, or on a machine that reaches this address.",
    },
  ];
}

/** `, dir="/data"`; nothing for null. */
function argument(name: string, value: string | null): string {
  return value === null ? "" : `, ${name}=${JSON.stringify(value)}`;
}

/** Lines of Python that set variables, before whatever reads them is imported; null: one is not set. */
function environment(variables: Readonly<Record<string, string | null>>): string {
  const lines = Object.entries(variables).flatMap(([name, value]) =>
    value === null ? [] : [`os.environ["${name}"] = ${JSON.stringify(value)}\n`],
  );
  return lines.length === 0 ? "" : `import os\n\n${lines.join("")}\n`;
}

/** What is known of a run: config, summary, where and how it ran, its writers. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Json, RunDetail, Writer } from "../../data/wire.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { JsonTree, type Value } from "../../widgets/json_tree.tsx";
import { StateMark } from "../run_state.tsx";

export function Overview({ run }: { run: RunDetail }): JSX.Element {
  const [text, setText] = useState("");
  const config = matching(nested(run.config), text);
  const summary = matching(run.summary, text);
  return (
    <main class="overview">
      <div class="overview-column">
        <Card title="Config" count={Object.keys(run.config).length}>
          {Object.keys(run.config).length === 0 ? (
            <p class="quiet">The script set no config.</p>
          ) : (
            <JsonTree value={config} />
          )}
        </Card>
      </div>
      <div class="overview-column">
        <Card title="Summary" count={Object.keys(run.summary).length}>
          {Object.keys(run.summary).length === 0 ? (
            <p class="quiet">Nothing has been logged yet.</p>
          ) : (
            <JsonTree value={summary} format={formatLeaf} />
          )}
        </Card>
      </div>
      <div class="overview-column">
        <Card title="Run">
          <JsonTree value={facts(run)} />
        </Card>
        <Environment run={run} />
        <Writers writers={run.writers} />
      </div>
      <input
        type="search"
        class="overview-filter"
        placeholder="Find in config and summary"
        aria-label="Find in config and summary"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </main>
  );
}

interface CardProps {
  title: string;
  count?: number;
  children: ComponentChildren;
}

function Card({ title, count, children }: CardProps): JSX.Element {
  return (
    <section class="panel-card">
      <h2>
        {title}
        {count !== undefined && count > 0 && <span class="section-count">{count}</span>}
      </h2>
      {children}
    </section>
  );
}

function formatLeaf(value: Value): string {
  if (typeof value === "number") return formatValue(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function facts(run: RunDetail): Record<string, Value> {
  return {
    id: run.id,
    uid: run.uid,
    started: formatMoment(run.created),
    ...(run.finished === null ? {} : { ended: formatMoment(run.finished) }),
    ...(run.duration === null ? {} : { duration: formatDuration(run.duration) }),
    rows: groupDigits(run.rows),
    ...(run.last_step === null ? {} : { "last step": groupDigits(run.last_step) }),
    ...(run.group ? { group: run.group } : {}),
    ...(run.job_type ? { "job type": run.job_type } : {}),
  };
}

function Environment({ run }: { run: RunDetail }): JSX.Element | null {
  const { environment } = run;
  if (Object.keys(environment).length === 0) return null;
  const { command, started: _, ...others } = environment;
  const line = Array.isArray(command) ? command.join(" ") : command;
  return (
    <Card title="Environment">
      {typeof line === "string" && (
        <div class="command">
          <code>{line}</code>
          <CopyButton text={line} label="Copy the command" />
        </div>
      )}
      <JsonTree value={typeof line === "string" ? others : environment} />
    </Card>
  );
}

function Writers({ writers }: { writers: readonly Writer[] }): JSX.Element {
  return (
    <Card title="Writers" count={writers.length}>
      <div class="table-scroll">
        <table class="writers">
          <thead>
            <tr>
              {["", "writer", "host", "pid", "started", "rows"].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {writers.map((writer) => (
              <tr key={writer.uid}>
                <td>
                  <StateMark state={writer.state} />
                </td>
                <td>
                  {writer.label ?? (writer.rank === null ? writer.ordinal : `rank ${writer.rank}`)}
                </td>
                <td>{writer.host}</td>
                <td>{writer.pid}</td>
                <td>{formatMoment(writer.started)}</td>
                <td class="number">{groupDigits(writer.rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {writers.some((writer) => writer.damage || writer.dropped) && (
        <p class="warning">
          {writers.reduce((sum, one) => sum + Number(one.damage ?? 0), 0)} damaged records were
          skipped and {writers.reduce((sum, one) => sum + Number(one.dropped ?? 0), 0)} rows could
          not be written.
        </p>
      )}
    </Card>
  );
}

/** `{"a.b": 1}` as `{a: {b: 1}}`; names that clash stay as they are. */
function nested(flat: Record<string, Json>): Record<string, Json> {
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(flat)) {
    const parts = name.split(".");
    let at: Record<string, Json> = out;
    for (const part of parts.slice(0, -1)) {
      const inner = at[part];
      if (inner === undefined) at[part] = {};
      else if (typeof inner !== "object" || inner === null || Array.isArray(inner)) {
        at = out;
        parts.splice(0, parts.length, name);
        break;
      }
      at = at[part] as Record<string, Json>;
    }
    at[parts.at(-1)!] = value;
  }
  return out;
}

/** The leaves whose path contains the text. */
function matching(tree: Record<string, Json>, text: string, above = ""): Record<string, Json> {
  const needle = text.trim().toLowerCase();
  if (needle === "") return tree;
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(tree)) {
    const path = `${above}${name}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      const inner = matching(value, text, `${path}.`);
      if (Object.keys(inner).length > 0) out[name] = inner;
    } else if (path.toLowerCase().includes(needle)) out[name] = value;
  }
  return out;
}

/** What is known of a run, in cards: for its page and for the sheet over other pages. */
import type { ComponentChildren, JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import { formatDuration, formatMoment } from "../../base/times.ts";
import type { Json, RunDetail, Writer } from "../../data/wire.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { JsonTree, shortened, type Value } from "../../widgets/json_tree.tsx";
import { StateMark } from "../run_state.tsx";
import { matching, nested } from "./documents.ts";
import { machineOf } from "./hardware.ts";
import { commandLine, commitOf, type Git } from "./reproduce.ts";

interface CardProps {
  title: string;
  count?: number;
  children: ComponentChildren;
}

export function Card({ title, count, children }: CardProps): JSX.Element {
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

interface SearchedProps {
  run: RunDetail;
  /** Only what contains it is shown. */
  text: string;
}

export function ConfigCard({ run, text }: SearchedProps): JSX.Element {
  const count = Object.keys(run.config).length;
  return (
    <Card title="Config" count={count}>
      {count === 0 ? (
        <p class="quiet">The script set no config.</p>
      ) : (
        <Searched value={matching(nested(run.config), text)} text={text} />
      )}
    </Card>
  );
}

export function SummaryCard({ run, text }: SearchedProps): JSX.Element {
  const count = Object.keys(run.summary).length;
  return (
    <Card title="Summary" count={count}>
      {count === 0 ? (
        <p class="quiet">Nothing has been logged yet.</p>
      ) : (
        <Searched value={matching(run.summary, text)} text={text} format={shortened} />
      )}
    </Card>
  );
}

interface TreeProps {
  value: Record<string, Json>;
  text: string;
  format?: (value: Value) => string;
}

function Searched({ value, text, format }: TreeProps): JSX.Element {
  if (Object.keys(value).length === 0) return <p class="quiet">Nothing here contains “{text}”.</p>;
  return <JsonTree value={value} {...(format ? { format } : {})} />;
}

export function FactsCard({ run }: { run: RunDetail }): JSX.Element {
  return (
    <Card title="Run">
      <JsonTree value={facts(run)} />
    </Card>
  );
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

/** The machine that the run was on. */
export function HardwareCard({ run }: { run: RunDetail }): JSX.Element | null {
  const { facts, rest } = machineOf(run.environment);
  if (Object.keys(facts).length + Object.keys(rest).length === 0) return null;
  return (
    <Card title="Hardware">
      <JsonTree value={{ ...facts, ...rest }} />
    </Card>
  );
}

/** How the run was started, from which commit, and where. */
export function EnvironmentCard({ run }: { run: RunDetail }): JSX.Element | null {
  const { environment } = run;
  if (Object.keys(environment).length === 0) return null;
  const line = commandLine(environment);
  const commit = commitOf(environment);
  const { started: _, ...others } = { ...machineOf(environment).others };
  if (line !== null) delete others.command;
  if (commit !== null) delete others.git;
  return (
    <Card title="Environment">
      {line !== null && (
        <div class="command">
          <code>{line}</code>
          <CopyButton text={line} label="Copy the command" />
        </div>
      )}
      {commit !== null && <Commit commit={commit} />}
      <JsonTree value={others} />
    </Card>
  );
}

function Commit({ commit }: { commit: Git }): JSX.Element {
  return (
    <div class="commit-line">
      <span class="commit">
        <code title={commit.commit}>{commit.commit.slice(0, 12)}</code>
        {commit.branch !== "" && <span class="quiet">on {commit.branch}</span>}
        {commit.isDirty && (
          <span class="badge" title="Files that git knows had changes that were not committed.">
            with changes
          </span>
        )}
        {commit.remote !== "" && <span class="quiet remote">{commit.remote}</span>}
      </span>
      <CopyButton text={commit.commit} label="Copy the commit" />
    </div>
  );
}

/** The sessions that wrote the run: its restarts and ranks. */
export function WritersCard({ writers }: { writers: readonly Writer[] }): JSX.Element {
  return (
    <Card title="Writers" count={writers.length}>
      <div class="table-scroll">
        <table class="writers">
          <thead>
            <tr>
              {["", "writer", "host", "pid", "started", "rows"].map((name) => (
                <th scope="col" key={name}>
                  {name || <span class="sr">state</span>}
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

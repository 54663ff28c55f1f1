/** One sweep: what it looks for, what its runs have reached, who works on it. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import { formatDuration } from "../../base/times.ts";
import { getSweep, type SweepAgent, type SweepDetail, type SweepRun } from "../../data/sweeps.ts";
import { hparamsHref, projectHref, runHref, sweepsHref } from "../../state/route.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Age } from "../age.tsx";
import { useAnswer } from "../artifacts/use_answer.ts";
import { Notice } from "../notice.tsx";
import { StateMark } from "../run_state.tsx";
import { SweepControls } from "./sweep_controls.tsx";
import { runCount, StateWord, valueText } from "./sweep_words.tsx";

interface SweepPageProps {
  entity: string;
  project: string;
  id: string;
  moment: number;
}

/** Agents come and go without a change of any run. */
const AGENTS_EVERY_MS = 15_000;
/** Runs that are shown before somebody wants all. */
const FEW = 100;

export function SweepPage({ entity, project, id, moment }: SweepPageProps): JSX.Element {
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setAsked((old) => old + 1);
    }, AGENTS_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const { value, error } = useAnswer(`${id} ${moment} ${asked}`, () =>
    getSweep(entity, project, id),
  );
  if (error !== null) {
    return (
      <main class="sweeps">
        <Notice title={`The sweep “${id}” cannot be shown`} isError>
          <p>{error.message}</p>
          <p>
            <a href={sweepsHref(entity, project)}>All sweeps of {project}</a>
          </p>
        </Notice>
      </main>
    );
  }
  if (value === null) return <main class="sweeps" />;
  const { sweep } = value;
  const query = `?q=${encodeURIComponent(value.filter)}`;
  return (
    <main class="sweeps">
      <div class="sweep-head">
        <h1>{sweep.name}</h1>
        <StateWord state={sweep.state} />
        <span class="quiet">
          {runCount(sweep)} runs{sweep.live > 0 && `, ${sweep.live} under way`}
        </span>
        <SweepControls {...{ entity, project, sweep }} onDone={() => setAsked((old) => old + 1)} />
        <span class="spread" />
        <a class="chip" href={projectHref(entity, project) + query}>
          Charts of its runs
        </a>
        <a class="chip" href={hparamsHref(entity, project) + query}>
          Parallel axes
        </a>
      </div>
      {sweep.description && <p class="sweep-description">{sweep.description}</p>}
      {value.warnings.length > 0 && (
        <ul class="sweep-warnings" aria-label="What its config breaks">
          {value.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <div class="sweep-cards">
        <Facts detail={value} />
        <Agents agents={value.agents} command={`wandb agent ${entity}/${project}/${sweep.id}`} />
        <Card title="Config" tools={<CopyButton text={value.config} label="Copy the config" />}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by the keyboard, too */}
          <pre class="sweep-config" tabIndex={0}>
            {value.config}
          </pre>
        </Card>
      </div>
      <Runs entity={entity} project={project} detail={value} />
    </main>
  );
}

interface CardProps {
  title: string;
  tools?: ComponentChildren;
  children: ComponentChildren;
}

function Card({ title, tools, children }: CardProps): JSX.Element {
  return (
    <section class="sweep-card">
      <div class="sweep-card-head">
        <h2>{title}</h2>
        {tools}
      </div>
      {children}
    </section>
  );
}

function Facts({ detail }: { detail: SweepDetail }): JSX.Element {
  const { sweep, target, run_cap, early_terminate } = detail;
  const facts: [string, ComponentChildren][] = [
    ["method", sweep.method],
    ["metric", sweep.metric === null ? "none" : `${sweep.goal} ${sweep.metric}`],
    ["best", sweep.best === null ? "–" : formatValue(sweep.best)],
  ];
  if (target !== null) facts.push(["target", formatValue(target)]);
  if (run_cap !== null) facts.push(["at most", `${run_cap} runs`]);
  if (early_terminate !== null) facts.push(["stops early", early_terminate]);
  facts.push(["made", <Age key="made" at={sweep.created} />]);
  return (
    <Card title="Search">
      <dl class="sweep-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Agents(props: { agents: readonly SweepAgent[]; command: string }): JSX.Element {
  const { agents, command } = props;
  return (
    <Card title="Agents" tools={<CopyButton text={command} label="Copy the command" />}>
      <p class="sweep-command">
        <code>{command}</code>
      </p>
      {agents.length === 0 ? (
        <p class="quiet">None has asked for a run yet.</p>
      ) : (
        <table class="sweep-agents">
          <tbody>
            {agents.map((agent) => (
              <tr key={agent.name}>
                <td title={agent.name}>{agent.host}</td>
                <td>{agent.state}</td>
                <td class="number">
                  {agent.runs} {agent.runs === 1 ? "run" : "runs"}
                </td>
                <td class="quiet">
                  <Age at={agent.heartbeat} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

interface RunsProps {
  entity: string;
  project: string;
  detail: SweepDetail;
}

function Runs({ entity, project, detail }: RunsProps): JSX.Element | null {
  const [areAllShown, setAllShown] = useState(false);
  const { runs, parameters, sweep } = detail;
  if (runs.length === 0) return <p class="quiet">No run has begun.</p>;
  const shown = areAllShown ? runs : runs.slice(0, FEW);
  return (
    <>
      <div class="sweep-scroll">
        <table class="sweep-table">
          <thead>
            <tr>
              <th>Run</th>
              <th class="number">{sweep.metric ?? "Metric"}</th>
              {parameters.map((name) => (
                <th key={name} class="number">
                  {name}
                </th>
              ))}
              <th class="number">Duration</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((run, rank) => (
              <RunRow
                key={run.uid}
                {...{ run, parameters }}
                isBest={rank === 0 && run.best !== null}
                href={runHref(entity, project, run.id)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < runs.length && (
        <button type="button" class="chip" onClick={() => setAllShown(true)}>
          Show all {runs.length}
        </button>
      )}
    </>
  );
}

interface RunRowProps {
  run: SweepRun;
  parameters: readonly string[];
  isBest: boolean;
  href: string;
}

function RunRow({ run, parameters, isBest, href }: RunRowProps): JSX.Element {
  return (
    <tr class={isBest ? "best" : undefined}>
      <td>
        <StateMark state={run.state} /> <a href={href}>{run.name}</a>
        {run.is_prior && <span class="quiet"> (prior)</span>}
        {run.is_stopped && <span class="quiet"> (stopped)</span>}
      </td>
      <td class="number">{run.best === null ? "–" : formatValue(run.best)}</td>
      {parameters.map((name) => (
        <td key={name} class="number">
          {name in run.values ? valueText(run.values[name]) : "–"}
        </td>
      ))}
      <td class="number">{formatDuration(run.duration)}</td>
    </tr>
  );
}

/** Texts of the runs shown, at the page's step: formatted, as they were logged, or what has changed. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { setStep } from "../../state/marks.ts";
import { stepShown, useManyObjects, useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { indexAt, union } from "../../state/steps.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Formatted } from "../frame/formatted.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { diffLines } from "./line_diff.ts";
import { type TextValue, textIn } from "./text_value.ts";
import "../../styles/text_panel.css";

/** Least width of a text, in CSS pixels. */
const LEAST = 260;
/** Different steps that the texts of runs are compared with at once. */
const MOST_STEPS = 32;

export function TextPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "text");
  const objects = useObjects(ws, metric, null, { isVisible, index: true }).value;
  const { mono, diff, against } = optionsOf(ws, id);
  const before = beforeOf(objects.entries, stepShown(ws, objects.entries), against);
  const isDiff = diff === "1" && before !== null;
  // Each run with what it had before, unless a step is chosen.
  const formers = new Map(
    objects.entries.map((entry) => [entry.run, against === undefined ? stepBefore(entry) : before]),
  );
  const steps = isDiff ? union([[...formers.values()].filter((step) => step !== null)]) : [];
  const asks = steps.slice(0, MOST_STEPS).map((at) => ({ metric, pick: { at } }));
  const earlier = useManyObjects(ws, asks, { isVisible }).value;
  const formerOf = (run: string) => {
    const at = formers.get(run);
    const answer = at === null || at === undefined ? undefined : earlier[steps.indexOf(at)];
    return answer?.entries.find((entry) => entry.run === run) ?? null;
  };
  const columns = Math.max(1, Math.min(objects.entries.length, Math.floor(place.width / LEAST)));
  const word = (name: string, text: string, isOn: boolean, title: string) => (
    <button
      type="button"
      class="icon-button word"
      aria-pressed={isOn}
      title={title}
      onClick={() => setOption(ws, id, name, isOn ? null : "1")}
    >
      {text}
    </button>
  );
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="text"
      place={place}
      isFull={isFull}
      objects={objects}
      tools={
        <>
          {isDiff && (
            <StepChoice
              label="Compared with step"
              steps={stepsIn(objects.entries)}
              value={before}
              onPick={(step) => setOption(ws, id, "against", String(step))}
            />
          )}
          {before !== null &&
            word("diff", "diff", isDiff, "What has changed since an earlier step")}
          {word("mono", "mono", mono === "1", "As it was logged, in letters of one width")}
        </>
      }
    >
      <div class="texts" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
        {objects.entries.map((entry) => (
          <TextCard
            key={entry.run}
            ws={ws}
            entry={entry}
            before={isDiff ? formerOf(entry.run) : undefined}
            isMono={mono === "1"}
          />
        ))}
      </div>
    </MediaFrame>
  );
}

function stepsIn(entries: readonly ObjectEntry[]): number[] {
  return union(entries.map(({ index }) => index?.steps ?? []));
}

/** The step that texts are compared with: the one chosen, or the one before that of the page; null: there is none. */
function beforeOf(
  entries: readonly ObjectEntry[],
  step: number | null,
  against: string | undefined,
): number | null {
  const steps = stepsIn(entries);
  if (steps.length < 2) return null;
  const chosen = Number(against);
  if (against !== undefined && Number.isFinite(chosen)) return chosen;
  const here = step === null ? steps.length - 1 : indexAt(steps, step);
  return here > 0 ? steps[here - 1]! : null;
}

/** The step of the run's text before the one that is shown; null: it is the first. */
function stepBefore({ index, values }: ObjectEntry): number | null {
  const steps = union([index?.steps ?? []]);
  const here = values[0] === undefined ? -1 : indexAt(steps, values[0].step);
  return here > 0 ? steps[here - 1]! : null;
}

interface TextCardProps {
  ws: Workspace;
  entry: ObjectEntry;
  /** What the text is compared with; null: it is new; undefined: it is not compared. */
  before: ObjectEntry | null | undefined;
  isMono: boolean;
}

function TextCard({ ws, entry, before, isMono }: TextCardProps): JSX.Element | null {
  const shown = entry.values[0];
  const text = useMemo(() => textIn(shown?.value), [shown]);
  if (shown === undefined) return null;
  const run = ws.known.value.get(entry.run)?.name ?? entry.run;
  return (
    <article class="text-card" aria-label={`Text of ${run}`} data-run={entry.run}>
      <div class="text-head">
        <RunTag ws={ws} uid={entry.run} />
        <StepChoice
          label={`Step of the text of ${run}`}
          steps={union([entry.index?.steps ?? []])}
          value={shown.step}
          onPick={(step) => setStep(ws, step)}
        />
      </div>
      {text === null ? (
        <p class="quiet">This value is no text.</p>
      ) : before === undefined ? (
        <Content text={text} isMono={isMono} />
      ) : (
        <Changes before={textIn(before?.values[0]?.value)?.text ?? ""} after={text.text} />
      )}
    </article>
  );
}

interface StepChoiceProps {
  label: string;
  steps: readonly number[];
  value: number;
  onPick: (step: number) => void;
}

function StepChoice({ label, steps, value, onPick }: StepChoiceProps): JSX.Element {
  const all = steps.includes(value) ? steps : union([steps, [value]]);
  return (
    <select
      class="step-choice"
      aria-label={label}
      value={String(value)}
      onChange={(event) => onPick(Number(event.currentTarget.value))}
    >
      {all.map((step) => (
        <option key={step} value={String(step)}>
          step {groupDigits(step)}
        </option>
      ))}
    </select>
  );
}

function Content({ text, isMono }: { text: TextValue; isMono: boolean }): JSX.Element {
  if (isMono) return <pre class="text-mono">{text.text}</pre>;
  if (text.format === "table") return <Cells cells={text.cells} />;
  if (text.format === "plain") return <div class="text-plain">{text.text}</div>;
  return <Formatted text={text.text} format={text.format} />;
}

/** The first row heads the columns. */
function Cells({ cells }: { cells: TextValue["cells"] }): JSX.Element {
  const [head = [], ...rows] = cells;
  return (
    <div class="text-formatted">
      <table>
        {rows.length > 0 && (
          <thead>
            <tr>
              {head.map((cell, i) => (
                <th key={i} scope="col">
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {(rows.length > 0 ? rows : [head]).map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SIGNS = { same: " ", gone: "−", new: "+" } as const;

function Changes({ before, after }: { before: string; after: string }): JSX.Element {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  if (lines.every(({ kind }) => kind === "same")) return <p class="quiet">The same text.</p>;
  return (
    <pre class="text-mono text-diff">
      {lines.map(({ kind, text }, i) => (
        <span key={i} class={kind}>
          {SIGNS[kind]} {text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

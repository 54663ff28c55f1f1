/** Sources and uncommitted changes of two runs, line by line. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { getFile, type RunFile } from "../../data/run_files.ts";
import type { RunDetail } from "../../data/wire.ts";
import { type DiffLine, diffLines } from "../../panels/text/line_diff.ts";
import { useAnswer } from "../artifacts/use_answer.ts";
import { isCode } from "../run/code/code.tsx";

/** Of each file. */
const MOST_BYTES = 1 << 20;
/** Equal lines that are shown around a change. */
const AROUND = 3;
const SIGNS = { same: " ", gone: "−", new: "+" } as const;

interface CodeProps {
  runs: readonly RunDetail[];
  /** The files of each run, in its place. */
  files: readonly (readonly RunFile[])[];
}

export function CompareCode({ runs, files }: CodeProps): JSX.Element | null {
  const [at, setAt] = useState(1);
  const other = Math.min(at, runs.length - 1);
  const changes = useMemo(() => changedFiles(files[0]!, files[other]!), [files, other]);
  if (files.every((one) => !one.some(isCode))) return null;
  const [base] = runs;
  return (
    <section class="compare-code">
      <h2>
        Code{" "}
        <span class="quiet">
          {changes.length === 0 ? "the same" : `${changes.length} changed`}, {base!.name} →{" "}
          {runs.length === 2 && runs[1]!.name}
        </span>
        {runs.length > 2 && (
          <select
            aria-label="Code compared with that of"
            value={other}
            onChange={(event) => setAt(Number(event.currentTarget.value))}
          >
            {runs.slice(1).map((run, i) => (
              <option key={run.uid} value={i + 1}>
                {run.name}
              </option>
            ))}
          </select>
        )}
      </h2>
      {changes.map((change) => (
        <FileChange key={`${change.name} ${other}`} change={change} />
      ))}
    </section>
  );
}

interface Change {
  name: string;
  before: RunFile | null;
  after: RunFile | null;
}

/** The sources that two runs do not have alike, by name. */
function changedFiles(before: readonly RunFile[], after: readonly RunFile[]): Change[] {
  const named = (list: readonly RunFile[]) =>
    new Map(list.filter(isCode).map((file) => [file.name, file]));
  const [old, now] = [named(before), named(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names
    .map((name) => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
    .filter((one) => one.before?.sha256 !== one.after?.sha256);
}

function FileChange({ change }: { change: Change }): JSX.Element {
  const { name, before, after } = change;
  const question = `${name} ${before?.sha256} ${after?.sha256}`;
  const { value, error } = useAnswer(question, async () => {
    const [old, now] = await Promise.all([textOf(before), textOf(after)]);
    return diffLines(old, now);
  });
  const isCut = Math.max(before?.size ?? 0, after?.size ?? 0) > MOST_BYTES;
  const said = before === null ? "only in the second" : after === null ? "only in the first" : "";
  return (
    <details class="compare-file" open>
      <summary>
        <code>{name}</code> {said && <span class="quiet">{said}</span>}
      </summary>
      {isCut && <p class="quiet">Of the first MiB of each.</p>}
      {error !== null && <p role="alert">{error.message}</p>}
      {value && (
        <pre>
          {hunksOf(value).map(({ kind, text }, i) => (
            <span key={i} class={kind}>
              {kind === "skip" ? text : `${SIGNS[kind]} ${text}`}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </details>
  );
}

async function textOf(file: RunFile | null): Promise<string> {
  if (file === null) return "";
  return new TextDecoder().decode(await getFile(file, undefined, MOST_BYTES));
}

type Shown = DiffLine | { kind: "skip"; text: string };

/** The lines that changed and a few around them; what is left out is counted. */
export function hunksOf(lines: readonly DiffLine[]): Shown[] {
  const isNear = new Uint8Array(lines.length);
  lines.forEach(({ kind }, i) => {
    if (kind !== "same") isNear.fill(1, Math.max(0, i - AROUND), i + AROUND + 1);
  });
  const out: Shown[] = [];
  for (let i = 0; i < lines.length; ) {
    const from = i;
    while (i < lines.length && isNear[i] === 0) i += 1;
    if (i > from) out.push({ kind: "skip", text: `… ${i - from} equal lines` });
    for (; i < lines.length && isNear[i] === 1; i += 1) out.push(lines[i]!);
  }
  return out;
}

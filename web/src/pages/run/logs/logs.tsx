/** What a run's script has printed: live, in its colours, searched, and each line with an address. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { outputHref } from "../../../data/run_files.ts";
import { remembered } from "../../../state/remembered.ts";
import { writeLine } from "../../../state/route.ts";
import { Choice } from "../../../widgets/choice.tsx";
import { Toggle } from "../../../widgets/toggle.tsx";
import { useShortcuts } from "../../shortcuts.tsx";
import { focusField } from "../../workspace/workspace_page.tsx";
import { Nothing } from "../nothing.tsx";
import type { TabProps } from "../run_page.tsx";
import { lineOfAddress } from "../text/line_address.ts";
import { type Reveal, TextLines } from "../text/text_lines.tsx";
import { LogLine } from "./log_line.tsx";
import { type LogLevel, LogModel } from "./log_model.ts";
import "../../../styles/run_parts.css";
import "../../../styles/logs.css";

const LEVELS: readonly { value: LogLevel; label: string; title: string }[] = [
  { value: "all", label: "All", title: "Both streams" },
  { value: "error", label: "stderr", title: "Only what was printed to stderr" },
];
const TYPING_MS = 150;

export function Logs({ ws, run, contents }: TabProps): JSX.Element {
  const lines = contents.now.value?.lines ?? null;
  if (lines === null) {
    const error = contents.error.value;
    return error === null ? <main class="log-page" /> : <Nothing error={error} />;
  }
  if (lines === 0) {
    return (
      <Nothing title="This run has printed nothing">
        <p>
          What a script prints is kept when it logs through the wandb client
          {run.state === "running" ? "; it appears here as soon as there is a line." : "."}
        </p>
      </Nothing>
    );
  }
  return <LogPage key={run.uid} {...{ ws, run, contents }} lines={lines} />;
}

type PageProps = Omit<TabProps, "file"> & { lines: number };

function LogPage({ ws, run, lines }: PageProps): JSX.Element {
  const model = useMemo(() => new LogModel(run.uid, lines), [run.uid]);
  const named = useMemo(lineOfAddress, []);
  const [reveal, setReveal] = useState<Reveal | null>(null);
  const [isWrapped, setWrapped] = remembered("log-wrap", true);
  const [hasTimes, setTimes] = remembered("log-times", false);
  // Of a run that went well the beginning is worth as much as the end; of others the end is.
  const [isFollowing, setFollowing] = useState(named === null && run.state !== "finished");

  useEffect(() => model.watch(), [model]);
  useEffect(
    () =>
      ws.onChanged((runs) => {
        if (runs === null || runs.includes(run.uid)) model.changed();
      }),
    [ws, model, run.uid],
  );
  useEffect(() => {
    if (named === null) return;
    model.current.value = named;
    setReveal({ index: model.rowOfLine(named) });
  }, [model, named]);

  function go(n: number | null): void {
    if (n === null) return;
    setFollowing(false);
    setReveal({ index: model.rowOfLine(n) });
  }

  function pick(n: number): void {
    const isSame = model.current.peek() === n;
    model.current.value = isSame ? null : n;
    writeLine(isSame ? "" : `#L${n + 1}`);
  }

  useShortcuts(
    useMemo(
      () => ({
        "panel-filter": () => focusField("log-find"),
        live: () => setFollowing(true),
      }),
      [],
    ),
  );
  const see = useMemo(() => (first: number, last: number) => model.see(first, last), [model]);

  const find = model.find.value.trim();
  const current = model.current.value;
  void model.reads.value;
  const error = model.error.value;
  return (
    <main class="log-page">
      <div class="part-bar">
        <FindBox model={model} onGo={(by) => go(model.step(by))} />
        <Choice
          label="Stream"
          value={model.level.value}
          options={LEVELS}
          onPick={(level) => {
            model.level.value = level;
          }}
        />
        <Toggle label="Wrap" isOn={isWrapped.value} onTurn={setWrapped} />
        <Toggle label="Times" isOn={hasTimes.value} onTurn={setTimes} />
        <Toggle
          label="Follow"
          title="Stay at the end while lines come (.)"
          isOn={isFollowing}
          onTurn={setFollowing}
        />
        <span class="spread" />
        <span class="quiet">{groupDigits(model.total.value)} lines</span>
        <a class="chip" href={outputHref(run.uid)} download={`${run.id}.log`}>
          Download
        </a>
      </div>
      {error !== null && (
        <p class="part-error" role="alert">
          {error.message}
        </p>
      )}
      <TextLines
        label="Console"
        class="log-lines"
        count={model.count.value}
        isWrapped={isWrapped.value}
        isFollowing={isFollowing}
        onEnd={setFollowing}
        onSight={see}
        reveal={reveal}
        line={(row) => {
          const n = model.lineOfRow(row);
          return (
            <LogLine
              key={n}
              n={n}
              line={model.line(n)}
              find={find}
              hasTime={hasTimes.value}
              isCurrent={n === current}
              onPick={pick}
            />
          );
        }}
      />
      {model.count.value === 0 && !model.isSearching.value && (
        <p class="part-empty">
          {model.level.value === "error" && find === ""
            ? "Nothing was printed to stderr."
            : `No line contains “${find}”.`}
        </p>
      )}
    </main>
  );
}

interface FindBoxProps {
  model: LogModel;
  onGo: (by: 1 | -1) => void;
}

function FindBox({ model, onGo }: FindBoxProps): JSX.Element {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hits = model.hits.value;
  const current = model.current.value;
  const place =
    hits !== null && current !== null && hits.has(current) ? hits.placeOf(current) : null;
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <search class="find-box">
      <input
        id="log-find"
        type="search"
        placeholder="Find  /"
        aria-label="Find in the console"
        onInput={(event) => {
          const { value } = event.currentTarget;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            model.find.value = value.trim();
          }, TYPING_MS);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          onGo(event.shiftKey ? -1 : 1);
        }}
      />
      <span class="find-count" role="status">
        {model.isSearching.value
          ? "…"
          : hits !== null &&
            `${place === null ? "" : `${groupDigits(place + 1)} of `}${groupDigits(hits.count)}`}
      </span>
      {hits !== null && hits.count > 0 && (
        <>
          <button
            type="button"
            class="icon-button"
            aria-label="Previous match"
            title="Previous match (Shift Enter)"
            onClick={() => onGo(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label="Next match"
            title="Next match (Enter)"
            onClick={() => onGo(1)}
          >
            ↓
          </button>
          <Toggle
            label="Only matches"
            isOn={model.isNarrowed.value}
            onTurn={(isOn) => {
              model.isNarrowed.value = isOn;
            }}
          />
        </>
      )}
    </search>
  );
}

/** Cards of a run's page alone: what its files and its script say beyond its rows. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { formatMoment } from "../../base/times.ts";
import { type Alert, fileHref, getFile, type RunFile } from "../../data/run_files.ts";
import type { RunDetail } from "../../data/wire.ts";
import type { RunContents } from "../../state/run_contents.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { Age } from "../age.tsx";
import { commandLine, commitOf, reproduceLines } from "./reproduce.ts";
import { Card } from "./run_cards.tsx";

const FEW_ALERTS = 5;
const FEW_PACKAGES = 12;
const MOST_BYTES = 1 << 20;

export function AlertsCard({ alerts }: { alerts: readonly Alert[] }): JSX.Element | null {
  const [areAll, setAll] = useState(false);
  if (alerts.length === 0) return null;
  const newest = [...alerts].reverse();
  return (
    <Card title="Alerts" count={alerts.length}>
      <ul class="alerts">
        {(areAll ? newest : newest.slice(0, FEW_ALERTS)).map((alert) => (
          <li key={`${alert.time} ${alert.title}`} class={`alert ${alert.level.toLowerCase()}`}>
            <b>{alert.title}</b>
            <span class="quiet" title={formatMoment(alert.time)}>
              {alert.level !== "INFO" && `${alert.level} · `}
              <Age at={alert.time} />
            </span>
            {alert.text && <p>{alert.text}</p>}
          </li>
        ))}
      </ul>
      {newest.length > FEW_ALERTS && !areAll && (
        <button type="button" class="chip" onClick={() => setAll(true)}>
          {newest.length - FEW_ALERTS} more
        </button>
      )}
    </Card>
  );
}

interface FilesProps {
  run: RunDetail;
  contents: RunContents;
}

/** The packages that the run had, out of its requirements.txt. */
export function RequirementsCard(
  props: Pick<FilesProps, "contents"> & { text: string },
): JSX.Element | null {
  const { contents, text } = props;
  const [areAll, setAll] = useState(false);
  const file = contents.files.value?.find(({ name }) => name === "requirements.txt") ?? null;
  const packages = usePackages(file);
  const needle = text.trim().toLowerCase();
  const found = useMemo(
    () => packages.filter((one) => one.toLowerCase().includes(needle)),
    [packages, needle],
  );
  if (packages.length === 0) return null;
  const shown = areAll || needle !== "" ? found : found.slice(0, FEW_PACKAGES);
  return (
    <Card title="Requirements" count={packages.length}>
      {found.length === 0 && <p class="quiet">Nothing here contains “{text}”.</p>}
      <dl class="tree">
        {shown.map((line) => {
          const [name, version] = line.split(/==|\s*@\s*/, 2);
          return (
            <div class="leaf" key={line}>
              <dt>{name}</dt>
              <dd>{version ?? ""}</dd>
            </div>
          );
        })}
      </dl>
      {shown.length < found.length && (
        <button type="button" class="chip" onClick={() => setAll(true)}>
          {groupDigits(found.length - shown.length)} more
        </button>
      )}
    </Card>
  );
}

function usePackages(file: RunFile | null): readonly string[] {
  const [packages, setPackages] = useState<readonly string[]>([]);
  useEffect(() => {
    if (file === null) return;
    const abort = new AbortController();
    getFile(file, abort.signal, MOST_BYTES).then(
      (bytes) => {
        const lines = new TextDecoder().decode(bytes).split("\n");
        const trimmed = lines.map((line) => line.trim());
        const named = trimmed.filter((line) => line !== "" && !line.startsWith("#"));
        setPackages(named.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
      },
      // The file itself says what is wrong with it, on its own tab.
      () => undefined,
    );
    return () => abort.abort();
  }, [file?.sha256]);
  return packages;
}

/** Lines for a shell that bring the sources, the changes and the packages back, and start the script. */
export function ReproduceCard({ run, contents }: FilesProps): JSX.Element | null {
  const commit = commitOf(run.environment);
  if (commit === null) return null;
  const names = new Set((contents.files.value ?? []).map(({ name }) => name));
  const at = (name: string) => (names.has(name) ? fileHref(run.uid, name) : undefined);
  const [patch, requirements] = [at("diff.patch"), at("requirements.txt")];
  const lines = reproduceLines(commit, commandLine(run.environment), {
    ...(patch === undefined ? {} : { patch }),
    ...(requirements === undefined ? {} : { requirements }),
  });
  return (
    <Card title="Run it again">
      <div class="command">
        <pre>{lines}</pre>
        <CopyButton text={lines} label="Copy the lines that run it again" />
      </div>
    </Card>
  );
}

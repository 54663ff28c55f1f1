/** The sources that a run was made with: saved files, and what was changed since the commit. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { fileHref, type RunFile } from "../../../data/run_files.ts";
import type { RunDetail } from "../../../data/wire.ts";
import { runHref } from "../../../state/route.ts";
import { FileList } from "../files/file_list.tsx";
import { FileView } from "../files/file_view.tsx";
import { Nothing } from "../nothing.tsx";
import type { TabProps } from "../run_page.tsx";
import "../../../styles/run_code.css";

const PATCH = /^diff(?:_(\w+))?\.patch$/;

/** Whether a run's file is of its code; the server counts the same. */
export function isCode({ name }: RunFile): boolean {
  return name.startsWith("code/") || PATCH.test(name);
}

function titleOf({ name }: RunFile): string | undefined {
  const patch = PATCH.exec(name);
  if (!patch) return undefined;
  return patch[1] ? `Changes since ${patch[1].slice(0, 8)} (upstream)` : "Changes since the commit";
}

export function Code({ ws, run, contents, file: path }: TabProps): JSX.Element {
  useEffect(() => contents.wantFiles(), [contents]);
  const files = contents.files.value;
  const error = contents.filesError.value;
  if (files === null) return error === null ? <main class="beside" /> : <Nothing error={error} />;
  const sources = files.filter(isCode);
  if (sources.length === 0) {
    return (
      <Nothing title="This run has no code">
        <p>
          The wandb client saves the script with <code>save_code=True</code>, and the changes since
          the commit when it runs in a git repository.
        </p>
      </Nothing>
    );
  }
  const hrefOf = (name: string) => runHref(run.entity, run.project, run.id, "code", name);
  const chosen = path === "" ? firstOf(sources, run) : sources.find(({ name }) => name === path);
  return (
    <main class={`beside${path ? " chosen" : ""}`}>
      <FileList
        label="Code"
        files={sources}
        path={chosen?.name ?? ""}
        hrefOf={hrefOf}
        titleOf={titleOf}
        summary={`${sources.length} ${sources.length === 1 ? "file" : "files"}`}
      />
      {chosen ? (
        <FileView
          key={chosen.sha256 + chosen.name}
          {...{ ws, file: chosen, back: hrefOf("") }}
          href={fileHref(run.uid, chosen.name)}
        />
      ) : (
        <div class="file-view">
          <p class="file-hint">The run has no code “{path}”.</p>
        </div>
      )}
    </main>
  );
}

/** The script itself rather than what it imports. */
function firstOf(sources: readonly RunFile[], run: RunDetail): RunFile {
  const { program } = run.environment;
  const depth = ({ name }: RunFile) => name.split("/").length;
  const saved = sources.filter(({ name }) => name.startsWith("code/"));
  const [first] = saved.sort((a, b) => depth(a) - depth(b));
  const named = saved.find(({ name }) => name.split("/").at(-1) === program);
  return named ?? first ?? sources[0]!;
}

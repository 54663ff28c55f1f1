/** The files of a run: a tree at the left, and the one that the address names beside it. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { formatSize } from "../../../base/sizes.ts";
import { fileHref } from "../../../data/run_files.ts";
import { runHref } from "../../../state/route.ts";
import { Nothing } from "../nothing.tsx";
import type { TabProps } from "../run_page.tsx";
import { FileList } from "./file_list.tsx";
import { FileView } from "./file_view.tsx";

export function Files({ ws, run, contents, file: path }: TabProps): JSX.Element {
  useEffect(() => contents.wantFiles(), [contents]);
  const files = contents.files.value;
  const error = contents.filesError.value;
  if (files === null) return error === null ? <main class="beside" /> : <Nothing error={error} />;
  if (files.length === 0) {
    return (
      <Nothing title="This run has no files">
        <p>
          What <code>wandb.save</code> is given is kept here, and what the wandb client keeps by
          itself: the requirements, the changes since the commit, the console.
        </p>
      </Nothing>
    );
  }
  const chosen = files.find(({ name }) => name === path);
  const hrefOf = (name: string) => runHref(run.entity, run.project, run.id, "files", name);
  const size = files.reduce((sum, one) => sum + one.size, 0);
  return (
    <main class={`beside${path ? " chosen" : ""}`}>
      <FileList
        label="Files"
        files={files}
        path={path}
        hrefOf={hrefOf}
        summary={`${groupDigits(files.length)} ${files.length === 1 ? "file" : "files"} · ${formatSize(size)}`}
      />
      {chosen ? (
        <FileView
          key={chosen.sha256 + chosen.name}
          {...{ ws, file: chosen, back: hrefOf("") }}
          href={fileHref(run.uid, chosen.name)}
        />
      ) : (
        <div class="file-view">
          <p class="file-hint">
            {path ? `The run has no file “${path}”.` : "Choose a file to look at it."}
          </p>
        </div>
      )}
    </main>
  );
}

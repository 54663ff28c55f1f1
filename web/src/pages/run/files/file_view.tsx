/** One file: its name, size and age, and what is in it, as far as a page can show that. */
import type { JSX } from "preact";
import { formatSize } from "../../../base/sizes.ts";
import { bytesHref, type RunFile } from "../../../data/run_files.ts";
import type { Workspace } from "../../../state/workspace.ts";
import { Age } from "../../age.tsx";
import { ErrorBoundary } from "../../error_boundary.tsx";
import { lazy } from "../../lazy.tsx";
import { type FileKind, kindOf } from "./file_kinds.ts";
import { ImageView } from "./image_view.tsx";

interface FileViewProps {
  ws: Workspace;
  file: RunFile;
  /** Where it is downloaded from, under its name. */
  href: string;
  /** The address of the list without a file, for narrow screens. */
  back: string;
}

/** What a preview is given. */
export interface PreviewProps {
  ws: Workspace;
  file: RunFile;
}

const PREVIEWS: Readonly<Partial<Record<FileKind, (props: PreviewProps) => JSX.Element | null>>> = {
  image: ImageView,
  audio: ({ file }) => (
    // biome-ignore lint/a11y/useMediaCaption: nobody has written any
    <audio class="file-sound" controls src={bytesHref(file)} />
  ),
  video: ({ file }) => (
    // biome-ignore lint/a11y/useMediaCaption: nobody has written any
    <video class="file-video" controls src={bytesHref(file)} />
  ),
  csv: lazy(async () => (await import("./table_view.tsx")).TableView),
  table: lazy(async () => (await import("./table_view.tsx")).TableView),
  json: lazy(async () => (await import("./json_view.tsx")).JsonView),
  onnx: lazy(async () => (await import("./graph_file.tsx")).GraphFile),
  patch: lazy(async () => (await import("../code/patch_view.tsx")).PatchView),
  text: lazy(async () => (await import("./text_view.tsx")).TextView),
};

export function FileView({ ws, file, href, back }: FileViewProps): JSX.Element {
  const Preview = PREVIEWS[kindOf(file.name)]!;
  return (
    <section class="file-view" aria-label={file.name}>
      <header class="file-head">
        <a class="chip file-back" href={back}>
          All files
        </a>
        <h2 title={file.name}>{file.name}</h2>
        <span class="quiet">{formatSize(file.size)}</span>
        <span class="quiet">
          <Age at={file.updated} />
        </span>
        <a
          class="chip"
          href={href}
          download={file.name.split("/").at(-1)!}
          aria-label={`Download ${file.name}`}
        >
          Download
        </a>
      </header>
      <div class={`file-body kind-${kindOf(file.name)}`}>
        {file.size === 0 ? (
          <p class="file-hint">The file is empty.</p>
        ) : (
          <ErrorBoundary what="The preview">
            <Preview ws={ws} file={file} />
          </ErrorBoundary>
        )}
      </div>
    </section>
  );
}

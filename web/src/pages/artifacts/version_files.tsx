/** The files of a version: a tree at the left, and the one that the address names beside it. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import {
  type ArtifactFile,
  artifactFileHref,
  asRunFile,
  getAllFiles,
  MOST_FILES,
} from "../../data/artifacts.ts";
import { mediaUrl } from "../../data/objects.ts";
import { clientArtifactUrl, loadTable } from "../../data/tables.ts";
import { TableView } from "../../panels/table/table_view.tsx";
import { artifactsHref } from "../../state/route.ts";
import { FileList } from "../run/files/file_list.tsx";
import { FileView } from "../run/files/file_view.tsx";
import type { VersionProps } from "./artifact_page.tsx";
import { useAnswer } from "./use_answer.ts";

export function VersionFiles({ ws, place, artifact, rest }: VersionProps): JSX.Element {
  const question = `${place.name} ${artifact.version} ${artifact.digest}`;
  const { value: files, error } = useAnswer(question, () => getAllFiles(place, artifact));
  const listed = useMemo(
    () => (files ?? artifact.files).map((file) => asRunFile(file, artifact.created)),
    [files, artifact],
  );
  const path = rest.join("/");
  const hrefOf = (name: string) =>
    artifactsHref(place.entity, place.project, [
      ...[place.type, place.name, artifact.version, "files"],
      ...name.split("/").filter(Boolean),
    ]);
  const found = (files ?? artifact.files).find((file) => file.path === path);
  const shown = listed.find(({ name }) => name === path);
  const total = artifact.files_total;
  const count = `${groupDigits(total)} ${total === 1 ? "file" : "files"} · ${formatSize(artifact.size)}`;
  const left = total > MOST_FILES ? `, the first ${groupDigits(MOST_FILES)} listed` : "";
  return (
    <div class={`beside${path ? " chosen" : ""}`}>
      <FileList label="Files" files={listed} path={path} hrefOf={hrefOf} summary={count + left} />
      {found === undefined || shown === undefined ? (
        <div class="file-view">
          <p class="file-hint">
            {error?.message ??
              (path ? `The version has no file “${path}”.` : "Choose a file to look at it.")}
          </p>
        </div>
      ) : path.endsWith(".table.json") && bytesOf(found) !== null ? (
        <TableFile
          key={found.digest}
          path={path}
          url={bytesOf(found)!}
          size={found.size}
          back={hrefOf("")}
          href={artifactFileHref(place, artifact.version, path)}
        />
      ) : found.sha256 === null ? (
        <section class="file-view" aria-label={path}>
          <header class="file-head">
            <a class="chip file-back" href={hrefOf("")}>
              All files
            </a>
            <h2 title={path}>{path}</h2>
          </header>
          <p class="file-hint">
            A reference: its bytes are not kept in this version, but at{" "}
            {bytesOf(found) === null ? (
              <code>{found.ref}</code>
            ) : (
              <a href={mediaUrl({ url: bytesOf(found)! })}>{found.ref}</a>
            )}
          </p>
        </section>
      ) : (
        <FileView
          key={found.sha256 + path}
          ws={ws}
          file={shown}
          back={hrefOf("")}
          href={artifactFileHref(place, artifact.version, path)}
        />
      )}
    </div>
  );
}

/** Where the bytes of a file are: its own, or those of the file of another artifact here; null: elsewhere. */
function bytesOf({ sha256, ref }: ArtifactFile): string | null {
  return sha256 === null ? clientArtifactUrl(ref ?? "") : `api/v1/blobs/${sha256}`;
}

interface TableFileProps {
  path: string;
  url: string;
  size: number;
  back: string;
  href: string;
}

/** A table of the client, with the media of its cells. */
function TableFile({ path, url, size, back, href }: TableFileProps): JSX.Element {
  const [options, setOptions] = useState<Readonly<Record<string, string>>>({});
  const { value, error } = useAnswer(url, () => loadTable({ url, size, artifact: "" }));
  const tables = useMemo(
    () => (value === null ? [] : [{ run: "", label: path, table: value }]),
    [value, path],
  );
  const leaf = path.slice(path.lastIndexOf("/") + 1);
  return (
    <section class="file-view" aria-label={path}>
      <header class="file-head">
        <a class="chip file-back" href={back}>
          All files
        </a>
        <h2 title={path}>{path}</h2>
        <span class="quiet">{formatSize(size)}</span>
        <a class="chip" href={href} download={leaf} aria-label={`Download ${path}`}>
          Download
        </a>
      </header>
      <div class="artifact-table-file">
        {error !== null && <p class="file-hint">{error.message}</p>}
        {value !== null && (
          <TableView
            tables={tables}
            label={path}
            name={leaf.replace(/\.table\.json$/, "")}
            options={options}
            onSet={(changes) => {
              const next = Object.entries({ ...options, ...changes });
              const kept = next.filter(([, one]) => one !== null);
              setOptions(Object.fromEntries(kept) as Record<string, string>);
            }}
            colorOf={() => ""}
            isFull={false}
          />
        )}
      </div>
    </section>
  );
}

/** Paths of files as a tree that opens folder by folder, in rows. */
import type { RunFile } from "../../../data/run_files.ts";

export interface TreeRow {
  /** The path of a folder or of a file. */
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  /** Null for a folder. */
  readonly file: RunFile | null;
  /** Of a folder: the sum of what is in it, and how many files that are. */
  readonly size: number;
  readonly count: number;
}

interface Folder {
  folders: Map<string, Folder>;
  files: RunFile[];
  size: number;
  count: number;
}

/** Folders before files, each by name, numbers in names by their value; what is in a closed folder is left out. */
export function treeRows(
  files: readonly RunFile[],
  isOpen: (path: string) => boolean,
): readonly TreeRow[] {
  const top: Folder = emptyFolder();
  for (const file of files) {
    let folder = top;
    grow(folder, file);
    for (const part of file.name.split("/").slice(0, -1)) {
      let inner = folder.folders.get(part);
      if (inner === undefined) {
        inner = emptyFolder();
        folder.folders.set(part, inner);
      }
      folder = inner;
      grow(folder, file);
    }
    folder.files.push(file);
  }
  const rows: TreeRow[] = [];
  list(top, "", 0, isOpen, rows);
  return rows;
}

function emptyFolder(): Folder {
  return { folders: new Map(), files: [], size: 0, count: 0 };
}

function grow(folder: Folder, file: RunFile): void {
  folder.size += file.size;
  folder.count += 1;
}

const ORDER = new Intl.Collator("en", { numeric: true });

function list(
  folder: Folder,
  above: string,
  depth: number,
  isOpen: (path: string) => boolean,
  rows: TreeRow[],
): void {
  for (const [name, inner] of [...folder.folders].sort(([a], [b]) => ORDER.compare(a, b))) {
    const path = above + name;
    const { size, count } = inner;
    rows.push({ path, name, depth, file: null, size, count });
    if (isOpen(path)) list(inner, `${path}/`, depth + 1, isOpen, rows);
  }
  const named = folder.files.map((file) => [file.name.slice(above.length), file] as const);
  for (const [name, file] of named.sort(([a], [b]) => ORDER.compare(a, b))) {
    rows.push({ path: file.name, name, depth, file, size: file.size, count: 1 });
  }
}

/** The folders that a path is in. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

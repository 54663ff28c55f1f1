/** What has changed between the files of two versions, by their digests. */
import type { ArtifactFile } from "../../data/artifacts.ts";

export type ChangeKind = "added" | "removed" | "changed";

export interface Change {
  readonly path: string;
  readonly kind: ChangeKind;
  /** In bytes; null where there is no such file. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface Changes {
  /** By path. */
  readonly list: readonly Change[];
  readonly same: number;
}

export function changesOf(
  before: readonly ArtifactFile[],
  after: readonly ArtifactFile[],
): Changes {
  const old = new Map(before.map((file) => [file.path, file]));
  const list: Change[] = [];
  let same = 0;
  for (const { path, digest, size } of after) {
    const was = old.get(path);
    old.delete(path);
    if (was === undefined) list.push({ path, kind: "added", before: null, after: size });
    else if (was.digest === digest) same += 1;
    else list.push({ path, kind: "changed", before: was.size, after: size });
  }
  for (const { path, size } of old.values()) {
    list.push({ path, kind: "removed", before: size, after: null });
  }
  return { list: list.sort((a, b) => (a.path < b.path ? -1 : 1)), same };
}

/** Changes as `git diff` writes them (the unified format of diff and patch), in lines to be shown. */

export type PatchKind = "file" | "hunk" | "added" | "removed" | "same" | "note";

export interface PatchLine {
  readonly kind: PatchKind;
  readonly text: string;
  /** The number of the line before and after the change, from 1; null where it has none. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface PatchFile {
  readonly path: string;
  /** Where it begins among the lines. */
  readonly line: number;
  readonly added: number;
  readonly removed: number;
}

export interface Patch {
  readonly lines: readonly PatchLine[];
  readonly files: readonly PatchFile[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

export function readPatch(text: string): Patch {
  const lines: PatchLine[] = [];
  const files: { path: string; line: number; added: number; removed: number }[] = [];
  // Lines of a hunk that are still to come: inside it "--- a" is a line that was removed.
  let [left, right, before, after] = [0, 0, 0, 0];
  const put = (kind: PatchKind, line: string) => {
    lines.push({ kind, text: line, before: null, after: null });
  };
  for (const line of text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n")) {
    const file = files.at(-1);
    if (left > 0 || right > 0) {
      const mark = line[0];
      if (mark === "+") {
        lines.push({ kind: "added", text: line.slice(1), before: null, after });
        [right, after] = [right - 1, after + 1];
        if (file) file.added += 1;
        continue;
      }
      if (mark === "-") {
        lines.push({ kind: "removed", text: line.slice(1), before, after: null });
        [left, before] = [left - 1, before + 1];
        if (file) file.removed += 1;
        continue;
      }
      if (mark === " " || line === "") {
        lines.push({ kind: "same", text: line.slice(1), before, after });
        [left, right, before, after] = [left - 1, right - 1, before + 1, after + 1];
        continue;
      }
    }
    const hunk = HUNK.exec(line);
    if (hunk) {
      [before, left] = [Number(hunk[1]), Number(hunk[2] ?? 1)];
      [after, right] = [Number(hunk[3]), Number(hunk[4] ?? 1)];
      put("hunk", line);
      continue;
    }
    if (line.startsWith("diff --git ")) {
      files.push({ path: pathOf(line), line: lines.length, added: 0, removed: 0 });
      put("file", pathOf(line));
    } else if (line.startsWith("--- ") && !inHeadOfGit(lines)) {
      const path = stripped(line.slice(4));
      files.push({ path, line: lines.length, added: 0, removed: 0 });
      put("file", path);
    } else if (!/^(?:index |--- |\+\+\+ |similarity |old mode |mode change )/.test(line)) {
      put("note", line);
    }
  }
  return { lines, files };
}

/** Whether the head of a file that git wrote is being read: it names the paths a second time. */
function inHeadOfGit(lines: readonly PatchLine[]): boolean {
  for (let i = lines.length - 1; i >= 0; i--) {
    if (lines[i]!.kind === "file") return true;
    if (lines[i]!.kind !== "note") return false;
  }
  return false;
}

/** "src/a.py" of `diff --git a/src/a.py b/src/a.py`; names with special characters are in quotes. */
function pathOf(line: string): string {
  const rest = line.slice("diff --git ".length);
  const quoted = / "b\/((?:[^"\\]|\\.)*)"$/.exec(rest);
  if (quoted) return quoted[1]!;
  // Both names are the same but for a renamed file: the second half, then.
  const half = rest.slice((rest.length + 1) / 2);
  return half.startsWith("b/") && rest === `a/${half.slice(2)} ${half}`
    ? half.slice(2)
    : rest.slice(rest.lastIndexOf(" b/") + 3);
}

function stripped(path: string): string {
  return path.replace(/\t.*$/, "").replace(/^[ab]\//, "");
}

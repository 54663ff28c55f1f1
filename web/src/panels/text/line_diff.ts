/** What has changed between two texts, line by line. */

export interface DiffLine {
  kind: "same" | "gone" | "new";
  text: string;
}

/** Lines times lines above which the texts are told to differ as a whole. */
const MOST_CELLS = 4_000_000;

/** The lines of both texts: those that are only in `before`, only in `after`, or in both; as few of the former as can be. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA -= 1;
    endB -= 1;
  }
  const of = (kind: DiffLine["kind"], lines: readonly string[]) =>
    lines.map((text): DiffLine => ({ kind, text }));
  return [
    ...of("same", a.slice(0, start)),
    ...middle(a.slice(start, endA), b.slice(start, endB)),
    ...of("same", a.slice(endA)),
  ];
}

/** By the longest common subsequence. */
function middle(a: readonly string[], b: readonly string[]): DiffLine[] {
  const [n, m] = [a.length, b.length];
  const gone = (text: string): DiffLine => ({ kind: "gone", text });
  const added = (text: string): DiffLine => ({ kind: "new", text });
  if (n === 0 || m === 0 || n * m > MOST_CELLS) return [...a.map(gone), ...b.map(added)];
  // common[i][j]: lines that a from i on and b from j on have in common.
  const width = m + 1;
  const common = new Uint32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const out: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < n && j < m) {
    if (a[i] === b[j]) {
      out.push({ kind: "same", text: a[i]! });
      i += 1;
      j += 1;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) out.push(gone(a[i++]!));
    else out.push(added(b[j++]!));
  }
  return [...out, ...a.slice(i).map(gone), ...b.slice(j).map(added)];
}

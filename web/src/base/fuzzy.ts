/** Finding names by a few letters of theirs. */

/** What is looked for, in words that all have to be found, in any order. */
export interface Needle {
  readonly words: readonly string[];
}

export function needleOf(text: string): Needle {
  return { words: text.toLowerCase().split(/\s+/).filter(Boolean) };
}

const AT_START = 60;
const AT_BOUNDARY = 40;
const TOGETHER = 100;
/** What letters that stand apart are worth, before their gaps are taken off. */
const SCATTERED = 45;
/** Letters that may stand between two that are looked for, on average. */
const MOST_BETWEEN = 3;

/**
 * How well `text` (in lower case) fits: larger is better, 0 is not at all.
 *
 * A word that stands in it whole is better than one whose letters only follow one another, and the
 * beginning of a name, or of a part of it, better than its middle.
 */
export function score(needle: Needle, text: string): number {
  if (needle.words.length === 0) return 1;
  let sum = 1;
  for (const word of needle.words) {
    const found = wordScore(word, text);
    if (found === 0) return 0;
    sum += found;
  }
  // Of two that fit alike, the shorter says less that nobody asked for.
  return sum - Math.min(20, text.length / 10);
}

function wordScore(word: string, text: string): number {
  let best = 0;
  for (let at = text.indexOf(word); at >= 0 && best < TOGETHER + AT_BOUNDARY; ) {
    const bonus = at === 0 ? AT_START : isBoundary(text, at) ? AT_BOUNDARY : 0;
    best = Math.max(best, TOGETHER + bonus);
    at = text.indexOf(word, at + 1);
  }
  return best || scatteredScore(word, text);
}

function scatteredScore(word: string, text: string): number {
  let at = text.indexOf(word[0]!);
  let best = 0;
  // From every first letter: greedily from the first alone, "vl" would miss "l|v|a|l".
  for (let tries = 0; at >= 0 && tries < 4; tries++) {
    let last = at;
    let gaps = 0;
    let isFound = true;
    for (let i = 1; i < word.length; i++) {
      const next = text.indexOf(word[i]!, last + 1);
      if (next < 0) {
        isFound = false;
        break;
      }
      gaps += next - last - 1;
      last = next;
    }
    if (!isFound) break;
    if (gaps <= MOST_BETWEEN * (word.length - 1)) {
      const start = at === 0 || isBoundary(text, at) ? 10 : 0;
      best = Math.max(best, Math.max(1, SCATTERED + start - gaps));
    }
    at = text.indexOf(word[0]!, at + 1);
  }
  return best;
}

function isBoundary(text: string, at: number): boolean {
  if (at === 0) return false;
  const before = text.charCodeAt(at - 1);
  const isDigit = before >= 48 && before <= 57;
  const isLetter = (before >= 97 && before <= 122) || before > 127;
  return !isDigit && !isLetter;
}

/** The indices of `texts` (in lower case) that fit best, best first; equal ones in their order. */
export function bestOf(
  needle: Needle,
  texts: readonly string[],
  most: number,
  bonus: (index: number) => number = () => 0,
): number[] {
  // The best so far, best first: most names fall below its end and cost no more than their score.
  const indices: number[] = [];
  const values: number[] = [];
  for (let index = 0; index < texts.length; index++) {
    const fit = score(needle, texts[index]!);
    if (fit === 0) continue;
    const value = fit + bonus(index);
    if (values.length === most && value <= values[most - 1]!) continue;
    let at = values.length;
    while (at > 0 && values[at - 1]! < value) at -= 1;
    values.splice(at, 0, value);
    indices.splice(at, 0, index);
    if (values.length > most) {
      values.pop();
      indices.pop();
    }
  }
  return indices;
}

/** Where the words of a needle stand in a text, as it is shown: ranges [from, to), in order. */
export function foundRanges(needle: Needle, text: string): [from: number, to: number][] {
  const lower = text.toLowerCase();
  const marked = new Uint8Array(lower.length);
  for (const word of needle.words) {
    const at = lower.indexOf(word);
    if (at >= 0) marked.fill(1, at, at + word.length);
    else markScattered(word, lower, marked);
  }
  const ranges: [number, number][] = [];
  for (let i = 0; i < marked.length; i++) {
    if (!marked[i]) continue;
    const last = ranges.at(-1);
    if (last && last[1] === i) last[1] = i + 1;
    else ranges.push([i, i + 1]);
  }
  return ranges;
}

function markScattered(word: string, text: string, marked: Uint8Array): void {
  let at = -1;
  const places: number[] = [];
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return;
    places.push(at);
  }
  for (const place of places) marked[place] = 1;
}

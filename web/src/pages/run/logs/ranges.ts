/** Numbers of lines as ranges: a million lines from stderr are one of them. */

export class Ranges {
  /** How many numbers stand before each range. */
  private readonly before: number[] = [];
  readonly count: number;

  /** `ranges` are [first, last + 1], ascending, and do not touch. */
  constructor(private readonly ranges: readonly (readonly [number, number])[]) {
    let count = 0;
    for (const [start, end] of ranges) {
      this.before.push(count);
      count += end - start;
    }
    this.count = count;
  }

  /** The number at a place. */
  at(place: number): number {
    const i = lastAtMost(this.before, place);
    const range = this.ranges[i];
    return range === undefined ? 0 : range[0] + place - this.before[i]!;
  }

  /** How many of the numbers are below `n`: the place of `n`, or of the next one after it. */
  placeOf(n: number): number {
    let [low, high] = [0, this.ranges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]![1] <= n) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low];
    return range === undefined ? this.count : this.before[low]! + Math.max(0, n - range[0]);
  }

  has(n: number): boolean {
    const place = this.placeOf(n);
    return place < this.count && this.at(place) === n;
  }

  /** The numbers that are in both. */
  and(other: Ranges): Ranges {
    const both: [number, number][] = [];
    let [i, j] = [0, 0];
    while (i < this.ranges.length && j < other.ranges.length) {
      const [a, b] = [this.ranges[i]!, other.ranges[j]!];
      const [start, end] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
      if (start < end) both.push([start, end]);
      if (a[1] < b[1]) i += 1;
      else j += 1;
    }
    return new Ranges(both);
  }
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

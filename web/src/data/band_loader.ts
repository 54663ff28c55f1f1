/**
 * The bands that the page shows: asked for in batches, visible panels first, and asked for anew as
 * their runs log, at a pace. What is shown stays until the answer to another question is there.
 */
import type { BandSeries } from "../plots/bands.ts";
import { type Smoothing, smoothingKey } from "../plots/smooth.ts";
import type { BandCenter, BandKind, BandQuestion } from "./bands.ts";
import { RequestError } from "./client.ts";
import { type Range, snapRange, snapWidth, widening } from "./snap.ts";

export interface BandGroup {
  /** Named in the answer; distinct from the others'. */
  readonly name: string;
  readonly runs: readonly string[];
}

export interface BandWant {
  key: string;
  /** The same array while the groups are the same. */
  groups: readonly BandGroup[];
  /** "step", "relative", "wall" or "metric:<key>". */
  x: string;
  range: Range | null;
  /** Width of the plot in device pixels. */
  px: number;
  log: boolean;
  smooth: Smoothing | null;
  center: BandCenter;
  band: BandKind;
  visible: boolean;
}

export type AskBands = (question: BandQuestion, signal: AbortSignal) => Promise<BandSeries[]>;

const MAX_UNDER_WAY = 4;
/** Runs times keys in one request. */
const MAX_BATCH = 400;
const MOST_KEPT = 200;
/** A slider rests so long before the server is asked. */
const REST_MS = 150;
/** Bands of runs that log are asked for anew after this, and after as many times what the answer took. */
const PACE_MS = 1000;
const PACE_SHARE = 4;

interface Kept {
  key: string;
  bands: readonly BandSeries[];
  isDirty: boolean;
  /** When it may be asked for anew, on the page's clock. */
  due: number;
}

interface Request {
  ids: readonly string[];
  abort: AbortController;
  /** Whether a run logged while the answer was under way. */
  isChanged: boolean;
}

export class BandWatch {
  error: RequestError | null = null;
  id = "";
  restsUntil = 0;
  private shown: readonly BandSeries[] | null = null;

  constructor(
    private readonly loader: BandLoader,
    public want: BandWant,
    readonly onChange: () => void,
  ) {
    this.id = loader.idOf(want);
  }

  update(want: BandWant): void {
    const isMoved = smoothingKey(want.smooth) !== smoothingKey(this.want.smooth);
    this.shown = want.key === this.want.key ? this.bands() : null;
    this.want = want;
    this.id = this.loader.idOf(want);
    if (isMoved) this.restsUntil = this.loader.rest();
    this.loader.refresh();
  }

  close(): void {
    this.loader.close(this);
  }

  /** The bands as asked for, or those before them while the answer is to come; null before the first. */
  bands(): readonly BandSeries[] | null {
    if (this.want.groups.length === 0) return [];
    this.shown = this.loader.find(this.id) ?? this.shown;
    return this.shown;
  }

  retry(): void {
    this.error = null;
    this.loader.schedule();
  }
}

export class BandLoader {
  private readonly kept = new Map<string, Kept>();
  private readonly watches = new Set<BandWatch>();
  private readonly requests = new Set<Request>();
  private readonly names = new WeakMap<readonly BandGroup[], string>();
  private readonly numbers = new Map<string, number>();
  private scheduled = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ask: AskBands,
    private readonly soon: (work: () => void) => void,
  ) {}

  open(want: BandWant, onChange: () => void): BandWatch {
    const watch = new BandWatch(this, want, onChange);
    this.watches.add(watch);
    this.schedule();
    return watch;
  }

  close(watch: BandWatch): void {
    this.watches.delete(watch);
    this.refresh();
  }

  /** Watches want something else now: gives up what none of them waits for. */
  refresh(): void {
    const wanted = new Set([...this.watches].map((watch) => watch.id));
    for (const request of this.requests) {
      if (!request.ids.some((id) => wanted.has(id))) request.abort.abort();
    }
    this.schedule();
  }

  /** A slider moved: answers until when the server is not asked for what it says. */
  rest(): number {
    this.wakeIn(REST_MS + 1);
    return performance.now() + REST_MS;
  }

  /** Says that runs have more rows (null: any run may). */
  markChanged(runs: readonly string[] | null): void {
    const changed = runs && new Set(runs);
    const isTouched = ({ want }: BandWatch) =>
      changed === null || want.groups.some((group) => group.runs.some((run) => changed.has(run)));
    const touched = new Set([...this.watches].filter(isTouched).map((watch) => watch.id));
    const shown = new Set([...this.watches].map((watch) => watch.id));
    for (const [id, one] of this.kept) {
      // Of bands that no panel shows it is not known which runs they are of.
      if (touched.has(id) || !shown.has(id)) one.isDirty = true;
    }
    for (const request of this.requests) {
      if (request.ids.some((id) => touched.has(id))) request.isChanged = true;
    }
    if (runs === null) for (const watch of this.watches) watch.error = null;
    this.schedule();
  }

  find(id: string): readonly BandSeries[] | null {
    return this.kept.get(id)?.bands ?? null;
  }

  schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.soon(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** What a want is asked as; wants with the same id have the same answer. */
  idOf(want: BandWant): string {
    const { key } = want;
    return `${JSON.stringify(key)} ${this.formOf(want)}`;
  }

  private formOf(want: BandWant): string {
    const { x, center, band, smooth, log } = want;
    const { range, px } = snapped(want);
    return JSON.stringify([this.nameOf(want.groups), x, range, px, log, smooth, center, band]);
  }

  /** A short name for groups, the same for the same runs. */
  private nameOf(groups: readonly BandGroup[]): string {
    let name = this.names.get(groups);
    if (name === undefined) {
      const spelled = JSON.stringify(groups.map((group) => [group.name, group.runs]));
      const number = this.numbers.get(spelled) ?? this.numbers.size;
      this.numbers.set(spelled, number);
      name = String(number);
      this.names.set(groups, name);
    }
    return name;
  }

  private flush(): void {
    for (const { question, ids } of this.gather()) {
      if (this.requests.size >= MAX_UNDER_WAY) return;
      void this.send(question, ids);
    }
  }

  private gather(): { question: BandQuestion; ids: string[] }[] {
    const now = performance.now();
    const pending = new Set([...this.requests].flatMap((request) => request.ids));
    const lacking = new Map<string, Map<string, BandWatch>>();
    let soonest = Number.POSITIVE_INFINITY;
    const ordered = [...this.watches].sort(
      (a, b) => Number(b.want.visible) - Number(a.want.visible),
    );
    for (const watch of ordered) {
      const { id, want } = watch;
      if (watch.error !== null || want.groups.length === 0 || pending.has(id)) continue;
      const one = this.kept.get(id);
      const due = Math.max(watch.restsUntil, one?.isDirty ? one.due : 0);
      if (one && !one.isDirty) continue;
      if (due > now) {
        soonest = Math.min(soonest, due);
        continue;
      }
      const form = `${want.visible} ${this.formOf(want)}`;
      const group = lacking.get(form) ?? new Map<string, BandWatch>();
      lacking.set(form, group.set(want.key, watch));
    }
    if (Number.isFinite(soonest)) this.wakeIn(soonest - now + 1);
    return [...lacking.values()].flatMap((group) => this.questions(group));
  }

  private questions(
    lacking: ReadonlyMap<string, BandWatch>,
  ): { question: BandQuestion; ids: string[] }[] {
    const watches = [...lacking.values()];
    const { want } = watches[0]!;
    const { groups, x, log, smooth, center, band } = want;
    const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
    const most = Math.max(1, Math.floor(MAX_BATCH / runs));
    const questions: { question: BandQuestion; ids: string[] }[] = [];
    for (let from = 0; from < watches.length; from += most) {
      const part = watches.slice(from, from + most);
      const question: BandQuestion = {
        groups: groups.map((group) => ({ name: group.name, runs: group.runs })),
        keys: part.map((watch) => watch.want.key),
        ...{ x, ...snapped(want), center, band },
      };
      if (log) question.log = true;
      if (smooth) question.smooth = smooth;
      questions.push({ question, ids: part.map((watch) => watch.id) });
    }
    return questions;
  }

  private async send(question: BandQuestion, ids: readonly string[]): Promise<void> {
    const request: Request = { ids, abort: new AbortController(), isChanged: false };
    this.requests.add(request);
    const from = performance.now();
    let error: RequestError | null = null;
    try {
      const bands = await this.ask(question, request.abort.signal);
      const now = performance.now();
      const due = now + Math.max(PACE_MS, PACE_SHARE * (now - from));
      question.keys.forEach((key, i) => {
        const mine = bands.filter((band) => band.key === key);
        this.keep(ids[i]!, { key, bands: mine, isDirty: request.isChanged, due });
      });
    } catch (thrown) {
      if (!request.abort.signal.aborted) error = toError(thrown);
    }
    this.requests.delete(request);
    for (const watch of this.watches) {
      if (!ids.includes(watch.id)) continue;
      watch.error = error;
      watch.onChange();
    }
    this.schedule();
  }

  private keep(id: string, one: Kept): void {
    this.kept.delete(id);
    this.kept.set(id, one);
    if (this.kept.size <= MOST_KEPT) return;
    const shown = new Set([...this.watches].map((watch) => watch.id));
    for (const old of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) return;
      if (!shown.has(old)) this.kept.delete(old);
    }
  }

  private wakeIn(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.schedule(), milliseconds);
  }
}

function snapped({ range, px, log }: BandWant): { range: Range | null; px: number } {
  if (range === null) return { range, px: snapWidth(px) };
  const wider = snapRange(range, log);
  return { range: wider, px: snapWidth(px * widening(range, wider, log)) };
}

function toError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RequestError(0, "bad_answer", message);
}

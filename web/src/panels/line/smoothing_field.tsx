/** Kind and amount of smoothing: words, a slider, and a number for who wants exactly that. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { SMOOTHING_NAMES } from "../../state/setting_scope.ts";
import type { Smoothing } from "../../state/settings.ts";
import { Choice } from "../../widgets/choice.tsx";

interface SmoothingFieldProps {
  value: Smoothing | null;
  /** A hundredth of the x axis, where a Gaussian begins. */
  grain: number;
  onChange: (value: Smoothing | null) => void;
}

/** While a slider is dragged the view changes at most this often. */
const PACE_MS = 50;
const SLIDER_STEPS = 200;

type Kind = Smoothing["kind"];

const KINDS: readonly { value: Kind | "none"; label: string; title: string }[] = [
  { value: "none", label: "none", title: "Draw what was logged" },
  { value: "ema", label: SMOOTHING_NAMES.ema, title: "Exponential moving average over points" },
  { value: "time", label: "time", title: "EMA, weighted by distance in x" },
  { value: "gaussian", label: SMOOTHING_NAMES.gaussian, title: "A Gaussian kernel, σ in x units" },
  { value: "mean", label: SMOOTHING_NAMES.mean, title: "A centred running mean over points" },
];

/** How the amount of a kind runs along the slider, and what it begins with. */
interface Amount {
  readonly label: string;
  readonly lo: number;
  readonly hi: number;
  readonly isLog: boolean;
  readonly first: number;
  readonly round: (value: number) => number;
}

function amountOf(kind: Kind, grain: number): Amount {
  const round = (digits: number) => (value: number) => Number(value.toPrecision(digits));
  if (kind === "mean") {
    return { label: "points", lo: 2, hi: 500, isLog: true, first: 10, round: Math.round };
  }
  if (kind === "gaussian") {
    const ends = { lo: grain / 50, hi: grain * 20, first: grain };
    return { label: "σ in x units", ...ends, isLog: true, round: round(2) };
  }
  const round2 = (value: number) => Number(value.toFixed(2));
  return { label: "weight of the past", lo: 0, hi: 0.99, isLog: false, first: 0.6, round: round2 };
}

function smoothing(kind: Kind, amount: number): Smoothing {
  if (kind === "mean") return { kind, window: amount };
  return kind === "gaussian" ? { kind, sigma: amount } : { kind, weight: amount };
}

function amountIn(value: Smoothing): number {
  if (value.kind === "mean") return value.window;
  return value.kind === "gaussian" ? value.sigma : value.weight;
}

/** Whether an amount that was typed can be asked for. */
function isPossible(kind: Kind, amount: number): boolean {
  if (kind === "mean") return Number.isInteger(amount) && amount >= 2;
  if (kind === "gaussian") return amount > 0 && Number.isFinite(amount);
  return amount >= 0 && amount < 1;
}

export function SmoothingField({ value, grain, onChange }: SmoothingFieldProps): JSX.Element {
  return (
    <div class="smoothing">
      <Choice
        label="Kind of smoothing"
        value={value?.kind ?? "none"}
        options={KINDS}
        onPick={(kind) =>
          onChange(kind === "none" ? null : smoothing(kind, amountOf(kind, grain).first))
        }
      />
      {value && <AmountField key={value.kind} value={value} grain={grain} onChange={onChange} />}
    </div>
  );
}

interface AmountFieldProps {
  value: Smoothing;
  grain: number;
  onChange: (value: Smoothing) => void;
}

function AmountField({ value, grain, onChange }: AmountFieldProps): JSX.Element {
  const { kind } = value;
  const amount = amountOf(kind, grain);
  const [dragged, setDragged] = useState<number | null>(null);
  const pace = useMemo(() => new Pace(PACE_MS), []);
  useEffect(() => () => pace.stop(), [pace]);
  const held = dragged ?? amountIn(value);

  function slide(position: number, isDone: boolean): void {
    const next = amount.round(atPosition(amount, position));
    setDragged(isDone ? null : next);
    pace.ask(() => onChange(smoothing(kind, next)), isDone);
  }

  return (
    <div class="amount">
      <input
        type="range"
        min={0}
        max={SLIDER_STEPS}
        aria-label={`Smoothing: ${amount.label}`}
        aria-valuetext={String(held)}
        value={positionOf(amount, held)}
        onInput={(event) => slide(Number(event.currentTarget.value), false)}
        onChange={(event) => slide(Number(event.currentTarget.value), true)}
      />
      <input
        type="number"
        class="inline-field"
        aria-label={`Smoothing in numbers: ${amount.label}`}
        step="any"
        value={held}
        onChange={(event) => {
          const typed = event.currentTarget.valueAsNumber;
          if (isPossible(kind, typed)) onChange(smoothing(kind, typed));
          else event.currentTarget.value = String(held);
        }}
      />
      <span class="quiet">{amount.label}</span>
    </div>
  );
}

function positionOf({ lo, hi, isLog }: Amount, value: number): number {
  const inside = Math.min(hi, Math.max(lo, value));
  const part = isLog ? Math.log(inside / lo) / Math.log(hi / lo) : (inside - lo) / (hi - lo);
  return Math.round(part * SLIDER_STEPS);
}

function atPosition({ lo, hi, isLog }: Amount, position: number): number {
  const part = position / SLIDER_STEPS;
  return isLog ? lo * (hi / lo) ** part : lo + (hi - lo) * part;
}

/** Runs the newest of what is asked for, at most every `restMs`. */
class Pace {
  private next: (() => void) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly restMs: number) {}

  ask(work: () => void, isLast: boolean): void {
    if (isLast) {
      this.stop();
      work();
      return;
    }
    this.next = work;
    if (this.timer === undefined) this.run();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.next = null;
  }

  private run(): void {
    const work = this.next;
    this.next = null;
    this.timer = work ? setTimeout(() => this.run(), this.restMs) : undefined;
    work?.();
  }
}

/** The flags of a chart: which there are, and what pointer and keys do with them. Loaded after the first lines. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { RunEvent } from "../../data/events.ts";
import type { Flag, FlagShape } from "../../plots/flags.ts";
import type { LinePlot } from "../../plots/plot_types.ts";
import { notePosition } from "../../state/notes.ts";
import { runEventsOf, shownKinds } from "../../state/run_events.ts";
import { theme } from "../../state/theme.ts";
import type { View } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { FlagLayer } from "./flag_layer.tsx";
import { axisName, formatX } from "./lines.ts";
import type { PanelModel } from "./panel_model.ts";

/** A flag with what is said of it. */
export interface EventFlag extends Flag {
  /** The name of the run; "" for a note. */
  readonly name: string;
  readonly text: string;
  /** Its place among the notes of the view; null: it is none. */
  readonly note: number | null;
}

export interface Tip {
  readonly flags: readonly EventFlag[];
  /** Of the first of them, CSS pixels on the page. */
  readonly left: number;
  readonly top: number;
}

export interface Editing {
  /** Which note is changed; null: a new one is written. */
  readonly index: number | null;
  readonly x: number;
  /** As the server names it. */
  readonly axis: string;
  readonly text: string;
  readonly left: number;
  readonly top: number;
}

export interface LayerProps {
  ws: Workspace;
  events: EventFlags;
}

/** How near a pointer must be, in CSS pixels. */
const NEAR = 7;
const SHAPES: Readonly<Record<RunEvent["kind"], FlagShape>> = {
  start: "begin",
  resume: "begin",
  end: "end",
  alert: "alert",
  artifact: "artifact",
};
const DOUBLE_MS = 400;
const NONE: readonly EventFlag[] = [];

export class EventFlags {
  readonly Layer: ComponentType<LayerProps> = FlagLayer;
  readonly tip = signal<Tip | null>(null);
  readonly editing = signal<Editing | null>(null);
  readonly listed: ReadonlySignal<readonly EventFlag[]>;
  /** The flag that the keyboard has come to. */
  private at: number | null = null;
  private readonly abort = new AbortController();
  private readonly stop: () => void;
  private lastTap = { time: 0, left: 0 };

  constructor(
    private readonly ws: Workspace,
    private readonly model: PanelModel,
    private readonly element: HTMLElement,
    private readonly plot: LinePlot,
  ) {
    // Parts of the view that a zoom, which makes a new view of every frame, does not change.
    const isShown = computed(() => this.areShown());
    const axis = computed(() => ws.axisOf(model.metric.value));
    const kinds = computed(() => shownKinds(ws));
    const notes = computed(() => ws.view.value.notes);
    this.listed = computed(() =>
      model.isVisible.value && isShown.value
        ? this.list(axis.value, kinds.value, notes.value)
        : NONE,
    );
    this.stop = effect(() => {
      const flags = this.listed.value;
      this.at = null;
      // Where there was and is none, the plot has nothing to draw anew.
      if (flags.length + model.flags.peek().length === 0) return;
      model.flags.value = flags.map(({ x, color, shape }) => ({ x, color, shape }));
    });
    const { signal: ended } = this.abort;
    const listen = (type: "pointermove" | "pointerdown", run: (event: PointerEvent) => void) =>
      element.addEventListener(type, run, { signal: ended });
    listen("pointermove", (event) => {
      if (event.buttons === 0) this.point(event);
    });
    listen("pointerdown", (event) => this.tap(event));
    element.addEventListener("pointerleave", () => this.show(null), { signal: ended });
  }

  close(): void {
    this.abort.abort();
    this.stop();
    this.model.flags.value = [];
  }

  get axis(): string {
    return this.ws.axisOf(this.model.metric.peek());
  }

  // ---- which there are

  private areShown(): boolean {
    const { events, density, full } = this.ws.view.value;
    const isBare = density === "sparkline" && full !== this.model.metric.value.name;
    return events !== "off" && !isBare;
  }

  private list(
    axis: string,
    kinds: readonly RunEvent["kind"][] | null,
    notes: View["notes"],
  ): readonly EventFlag[] {
    const { ws, model } = this;
    const known = runEventsOf(ws, axis).value;
    const drawn = ws.groups.value !== null ? null : model.drawn.value;
    const flags: EventFlag[] = [];
    for (const run of ws.shown.value) {
      if (drawn !== null && !drawn.has(run.uid)) continue;
      const color = ws.paint.value(run)[theme.value];
      for (const event of known.get(run.uid) ?? []) {
        const isShown = kinds === null || kinds.includes(event.kind);
        if (event.x === null || !isShown) continue;
        const shape = SHAPES[event.kind];
        flags.push({
          ...{ x: event.x, color, shape, name: run.name, note: null },
          text: eventText(event),
        });
      }
    }
    notes.forEach((note, index) => {
      if ((note.axis || "step") !== axis) return;
      const color = theme.value === "light" ? "#1a1a1a" : "#f0f0f0";
      flags.push({ x: note.x, color, shape: "note", name: "", text: note.text, note: index });
    });
    return flags.sort((a, b) => a.x - b.x);
  }

  // ---- the pointer

  private point(event: PointerEvent): void {
    const place = this.placeBelow(event);
    const near = place === null ? [] : this.near(place);
    this.element.style.cursor = near.length > 0 ? "pointer" : "";
    this.show(near.length > 0 ? near : null);
  }

  /** A press below the axis: of a note, to change it; twice where nothing is, to write one. */
  private tap(event: PointerEvent): void {
    const left = this.placeBelow(event);
    if (left === null || event.button !== 0) return;
    const near = this.near(left);
    this.show(near.length > 0 ? near : null);
    const note = near.find((i) => this.listed.peek()[i]!.note !== null);
    const { time, left: before } = this.lastTap;
    const isSecond = event.timeStamp - time < DOUBLE_MS && Math.abs(left - before) < NEAR;
    this.lastTap = { time: isSecond ? 0 : event.timeStamp, left };
    if (note !== undefined) this.edit(note);
    else if (isSecond) this.write(this.plot.xAt(left));
  }

  /** CSS pixels from the element's left edge, of a pointer between the axis and the element's end; else null. */
  private placeBelow(event: PointerEvent): number | null {
    const box = this.element.getBoundingClientRect();
    const { top, left, width, height, ratio } = this.plot.frame();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const isBeside = x < left / ratio - NEAR || x > (left + width) / ratio + NEAR;
    return y <= (top + height) / ratio + 1 || isBeside ? null : x;
  }

  /** The flags near a place, the nearest first. */
  private near(left: number): number[] {
    const away = this.listed.peek().map(({ x }) => Math.abs(this.plot.leftOf(x) - left));
    const found = [...away.keys()].filter((i) => away[i]! <= NEAR);
    return found.sort((a, b) => away[a]! - away[b]!);
  }

  private show(indices: readonly number[] | null): void {
    const { plot } = this;
    const first = indices?.[0];
    plot.setFlag(first ?? null);
    if (indices === null || first === undefined) {
      if (this.tip.peek() !== null) this.tip.value = null;
      return;
    }
    const flags = indices.map((i) => this.listed.peek()[i]!);
    this.tip.value = { flags, ...this.pagePlace(flags[0]!.x) };
  }

  private pagePlace(x: number): { left: number; top: number } {
    const box = this.element.getBoundingClientRect();
    const { top, height, ratio } = this.plot.frame();
    return { left: box.left + this.plot.leftOf(x), top: box.top + (top + height) / ratio };
  }

  // ---- the keyboard

  /** Page down and up go through the flags in view, Enter changes a note, A writes one. */
  press(key: string): boolean {
    if (key === "PageDown" || key === "PageUp") return this.step(key === "PageDown" ? 1 : -1);
    const flag = this.at === null ? undefined : this.listed.peek()[this.at];
    if (key === "Escape" && this.at !== null) {
      this.leave();
      return true;
    }
    if (key === "Enter" && flag !== undefined && flag.note !== null) {
      this.edit(this.at!);
      return true;
    }
    if (key !== "a") {
      // From here on the values are read.
      if (this.at !== null) this.leave();
      return false;
    }
    const marked = this.model.hover.peek()?.hover.x ?? flag?.x;
    this.writeSomewhere(marked);
    return true;
  }

  leave(): void {
    if (this.at === null) return;
    this.at = null;
    this.show(null);
    this.model.spoken.value = "";
  }

  private step(by: 1 | -1): boolean {
    const flags = this.listed.peek();
    const [lo, hi] = this.plot.frame().x;
    const inView = [...flags.keys()].filter((i) => flags[i]!.x >= lo && flags[i]!.x <= hi);
    if (inView.length === 0) return false;
    const now = this.at === null ? -1 : inView.indexOf(this.at);
    const from = now < 0 && by < 0 ? 0 : now;
    this.at = inView[(from + by + inView.length) % inView.length]!;
    this.show([this.at]);
    this.model.spoken.value = flagText(flags[this.at]!, this.axis);
    return true;
  }

  // ---- notes

  /** Opens the form for a note where the reader is: at the position given, or the end of what is shown. */
  writeSomewhere(x: number = this.plot.frame().x[1]): void {
    this.write(x);
  }

  private write(x: number): void {
    const { axis } = this;
    const place = notePosition(axis, x);
    this.editing.value = { index: null, x: place, axis, text: "", ...this.pagePlace(x) };
    this.show(null);
  }

  private edit(i: number): void {
    const { x, text, note } = this.listed.peek()[i]!;
    this.editing.value = { index: note, x, axis: this.axis, text, ...this.pagePlace(x) };
    this.show(null);
  }

  /** Closes the form; the chart has the focus again. */
  endEditing(): void {
    this.editing.value = null;
    this.element.focus({ preventScroll: true });
  }
}

/** `crashed`, `began`, `resumed (session 2)`, `alert: Loss is NaN`, `logged model:v3`. */
export function eventText({ kind, title, text = "" }: RunEvent): string {
  switch (kind) {
    case "start":
      return "began";
    case "resume":
      return `resumed (session ${title})`;
    case "end":
      return title;
    case "alert":
      return text === "" ? `alert: ${title}` : `alert: ${title}. ${text}`;
    case "artifact":
      return `logged ${title}`;
  }
}

/** `run-1 crashed at step 1,200`, `Note at 4 m 12 s: warm-up ends`. */
export function flagText({ name, text, x, note }: EventFlag, axis: string): string {
  const unit = axis === "relative" || axis === "wall" ? "" : `${axisName(axis)} `;
  const at = formatX(axis, x);
  return note === null ? `${name} ${text} at ${unit}${at}` : `Note at ${unit}${at}: ${text}`;
}

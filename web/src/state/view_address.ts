/**
 * The address, the view that it says, the draft and the undo stack, kept in step.
 *
 * The address decides the view when the reader arrives (a link, the back button, a reload); after
 * that what stands in it follows from the view alone. Every other change of the view is a step that
 * can be undone, and becomes the draft.
 */
import { batch, computed, effect, type Signal, signal, untracked } from "@preact/signals";
import { getViews, type SavedView } from "../data/view_routes.ts";
import { readDraft, saveDraft } from "./drafts.ts";
import {
  expandQuery,
  keepQuery,
  knownQuery,
  LONGEST_QUERY,
  MARK_DEFAULT,
  shortQuery,
} from "./long_query.ts";
import { type Arrival, arrival, projectHref, route, viewHref, writeAddress } from "./route.ts";
import { notifyError } from "./toasts.ts";
import { openUndo, undoStack } from "./undo.ts";
import { decodeView, encodeView, type View } from "./view.ts";
import { ViewSteps } from "./view_steps.ts";

interface Host {
  readonly entity: string;
  readonly project: string;
  readonly path: string;
  readonly runId: string | null;
  readonly view: Signal<View>;
}

/** A change rests this long before a long view is sent to the server. */
const KEEP_MS = 400;

/** The query of a view whatever is in full screen: what drafts and saved views hold. */
export function restingQuery(view: View): string {
  return encodeView(view.full === null ? view : { ...view, full: null });
}

export class ViewAddress {
  /** False until the view of the address is known: it may have to be asked for. */
  readonly isReady = signal(false);
  /** The saved view that is open; null: none. */
  readonly saved = signal<SavedView | null>(null);
  /** Whether the view is not as it was saved (or, without a saved one, not the default). */
  readonly isChanged = computed(() => restingQuery(this.host.view.value) !== this.savedQuery.value);

  /** The query of the saved view as this version spells it; "" without one. */
  private readonly savedQuery = computed(() => {
    const saved = this.saved.value;
    return saved === null ? "" : restingQuery(decodeView(saved.query));
  });
  private readonly steps: ViewSteps;
  /** The view that came with the address, and the one that an undo brought: no steps of the reader. */
  private arrived: View | null = null;
  private restored: View | null = null;
  private last: View;
  private wasFull = false;
  private turn = 0;
  private isOpen = false;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private readonly kept = signal(0);

  constructor(private readonly host: Host) {
    this.last = host.view.peek();
    this.steps = new ViewSteps(
      undoStack,
      (view) => {
        this.restored = view;
        host.view.value = view;
      },
      () => host.view.peek(),
      () => this.isOpen,
    );
  }

  start(): () => void {
    this.isOpen = true;
    openUndo(this.host.path);
    const stops = [
      effect(() => {
        const { value } = arrival;
        untracked(() => void this.arrive(value));
      }),
      effect(() => {
        const { value } = this.host.view;
        untracked(() => this.onView(value));
      }),
      effect(() => this.write()),
    ];
    return () => {
      this.isOpen = false;
      this.turn += 1;
      clearTimeout(this.keeping);
      for (const stop of stops) stop();
    };
  }

  // ---- from the address to the view

  private async arrive({ query, isExact }: Arrival): Promise<void> {
    if (!this.isHere()) return;
    this.turn += 1;
    const { turn } = this;
    // There the query names runs: the view is the one that was left.
    const asked = isOfComparison() ? this.askedFor("", false) : this.askedFor(query, isExact);
    const known = this.look(asked);
    if (known) return this.show(known);
    this.isReady.value = false;
    const found = await this.ask(asked);
    if (turn === this.turn) this.show(found);
  }

  /** The saved view and the query that an address asks for, the draft where it says nothing. */
  private askedFor(query: string, isExact: boolean): { id: string | null; query: string } {
    const to = route.peek();
    const named = to.page === "workspace" ? to.view : (this.saved.peek()?.id ?? null);
    if (query !== "" || isExact || this.host.runId !== null) return { id: named, query };
    if (to.page === "workspace" && to.view !== null) return { id: named, query };
    const draft = readDraft(this.host.path);
    return draft === null ? { id: named, query } : { id: draft.view, query: draft.query };
  }

  private look(asked: { id: string | null; query: string }): Found | null {
    const { id } = asked;
    const saved = this.saved.peek();
    if (id !== null && saved?.id !== id) return null;
    const query = asked.query === "" && id !== null ? saved!.query : knownQuery(asked.query);
    return query === undefined ? null : { saved: id === null ? null : saved, query };
  }

  private async ask(asked: { id: string | null; query: string }): Promise<Found> {
    const { id, query } = asked;
    try {
      const { entity, project } = this.host;
      const views = id === null ? [] : await getViews(entity, project);
      const saved = views.find((view) => view.id === id) ?? null;
      if (id !== null && saved === null) {
        notifyError(`There is no saved view “${id}” in ${project}: it may have been deleted.`);
      }
      if (query === "") return { saved, query: saved?.query ?? "" };
      return { saved, query: knownQuery(query) ?? (await expandQuery(query)) };
    } catch (error) {
      notifyError(error);
      return { saved: null, query: "" };
    }
  }

  private show({ saved, query }: Found): void {
    const view = decodeView(query);
    this.arrived = view;
    this.wasFull = view.full !== null;
    batch(() => {
      this.saved.value = saved;
      this.host.view.value = view;
      this.isReady.value = true;
    });
  }

  // ---- from the view to everything else

  private onView(view: View): void {
    const before = this.last;
    this.last = view;
    if (view === before || view === this.arrived) return;
    if (view !== this.restored) this.steps.record(before, view);
    this.keepDraft();
  }

  private keepDraft(): void {
    if (this.host.runId !== null || !this.isReady.peek()) return;
    const query = this.relative(restingQuery(this.host.view.peek()));
    saveDraft(this.host.path, { view: this.saved.peek()?.id ?? null, query });
  }

  /** A view's query as it stands after the address of the saved view that is open. */
  private relative(query: string): string {
    if (this.saved.value === null) return query;
    return query === this.savedQuery.value ? "" : query || MARK_DEFAULT;
  }

  private write(): void {
    const view = this.host.view.value;
    const query = this.relative(encodeView(view));
    void this.kept.value;
    if (!this.isReady.value || !this.isHere() || isOfComparison()) return;
    const isFull = view.full !== null;
    writeAddress(this.pathNow(), shortQuery(query), isFull !== this.wasFull);
    this.wasFull = isFull;
    clearTimeout(this.keeping);
    if (query.length > LONGEST_QUERY) {
      this.keeping = setTimeout(() => void this.keep(query), KEEP_MS);
    }
  }

  private async keep(query: string): Promise<void> {
    try {
      await keepQuery(query);
      this.kept.value += 1;
    } catch {
      // The address says the view all the same, only at length.
    }
  }

  /** What changes next is undone by itself, however soon it follows. */
  endStep(): void {
    this.steps.end();
  }

  /** Opens a saved view, or none, without a change of the view: the address and the draft follow. */
  attach(saved: SavedView | null): void {
    this.saved.value = saved;
    this.keepDraft();
  }

  /** The address that gives everybody this view, whatever they looked at before. */
  async link(): Promise<string> {
    const query = this.relative(encodeView(this.host.view.peek()));
    await this.keep(query);
    const isBare = query === "" && this.saved.peek() === null && this.host.runId === null;
    const href = this.pathNow() + (isBare ? MARK_DEFAULT : shortQuery(query));
    return new URL(href, location.href).href;
  }

  /** What a link to another page of the project carries, so that it shows the same view. */
  queryForLinks(): string {
    const query = shortQuery(encodeView({ ...this.host.view.value, full: null }));
    return query === "" && readDraft(this.host.path) !== null ? MARK_DEFAULT : query;
  }

  private pathNow(): string {
    const { entity, project } = this.host;
    const to = route.peek();
    if (to.page !== "workspace") return location.pathname;
    const saved = this.saved.peek();
    if (saved !== null) return viewHref(entity, project, saved.id);
    return to.view === null ? location.pathname : projectHref(entity, project);
  }

  /** Whether the address is one of the host's. */
  private isHere(): boolean {
    const to = route.peek();
    if (to.page === "home" || to.page === "unknown") return false;
    const { entity, project, runId } = this.host;
    if (to.entity !== entity || to.project !== project) return false;
    return to.page === "run" ? to.run === runId : runId === null;
  }
}

/** Whether the address is of a page that shows no view. */
function isOfComparison(): boolean {
  return route.peek().page === "compare";
}

interface Found {
  saved: SavedView | null;
  query: string;
}

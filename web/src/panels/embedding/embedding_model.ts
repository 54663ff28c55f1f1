/** What one embedding panel shows: where the points stand, their labels, the point that is picked and its neighbours. */
import { batch, computed, signal } from "@preact/signals";
import type { RequestError } from "../../data/client.ts";
import {
  askLabels,
  askMethods,
  askNeighbours,
  askProjection,
  type Method,
  type MethodName,
  type MetricName,
  type Neighbours,
  type Placement,
  type Progress,
  type TensorReference,
} from "../../data/embeddings.ts";
import { type LabelColumn, readLabels } from "./labels.ts";

export interface EmbeddingValue {
  readonly tensor: TensorReference;
  readonly labels: { url: string; header: boolean } | null;
  readonly sprite: { url: string; single: readonly [number, number] } | null;
}

export const MOST_NEIGHBOURS = 100;

/** Every server answers the same for all panels. */
const known = signal<Method[] | null>(null);

export class EmbeddingModel {
  readonly methods = known;
  readonly placement = signal<Placement | null>(null);
  readonly progress = signal<Progress | null>(null);
  readonly error = signal<string | null>(null);
  readonly columns = signal<readonly LabelColumn[]>([]);
  /** A row of the embedding. */
  readonly picked = signal<number | null>(null);
  readonly neighbours = signal<Neighbours | null>(null);
  /** The row of each point that is placed. */
  readonly rows = computed<ArrayLike<number>>(() => {
    const placement = this.placement.value;
    if (placement === null) return [];
    return placement.rows ?? Float64Array.from({ length: placement.points }, (_, i) => i);
  });
  /** By row: its place among the points. */
  readonly places = computed(() => {
    const rows = this.rows.value;
    const found = new Map<number, number>();
    for (let i = 0; i < rows.length; i++) found.set(rows[i]!, i);
    return found;
  });
  private value: EmbeddingValue | null = null;
  private placing: AbortController | null = null;
  private labelling: AbortController | null = null;
  private finding: AbortController | null = null;
  private asked = "";

  async start(): Promise<void> {
    try {
      known.value ??= await askMethods();
    } catch (error) {
      this.error.value = (error as Error).message;
    }
  }

  /** Shows a value by a method; what is shown already is not asked for again. */
  show(value: EmbeddingValue, method: MethodName, dimensions: 2 | 3): void {
    const isOther = this.value?.tensor.url !== value.tensor.url;
    const labels = value.labels?.url;
    if (this.value?.labels?.url !== labels) void this.readLabels(value);
    this.value = value;
    if (isOther) {
      batch(() => {
        this.picked.value = null;
        this.neighbours.value = null;
      });
    }
    // Principal components hold for both.
    const wanted = `${value.tensor.url} ${method} ${method === "pca" ? "" : dimensions}`;
    if (wanted !== this.asked) void this.place(wanted, method, dimensions);
  }

  private async place(wanted: string, method: MethodName, dimensions: 2 | 3): Promise<void> {
    this.placing?.abort();
    const abort = new AbortController();
    this.placing = abort;
    this.asked = wanted;
    batch(() => {
      this.error.value = null;
      this.progress.value = { progress: 0 };
    });
    try {
      const { tensor } = this.value!;
      const onProgress = (progress: Progress) => {
        if (!abort.signal.aborted) this.progress.value = progress;
      };
      const placed = await askProjection(tensor, { method, dimensions }, onProgress, abort.signal);
      if (abort.signal.aborted) return;
      batch(() => {
        this.placement.value = placed;
        this.progress.value = null;
      });
    } catch (error) {
      if (abort.signal.aborted) return;
      batch(() => {
        this.asked = "";
        this.progress.value = null;
        this.error.value = (error as RequestError).message;
      });
    }
  }

  /** Ends what is being made; what was shown before stays. */
  cancel(): void {
    this.placing?.abort();
    this.asked = "";
    this.progress.value = null;
  }

  private async readLabels(value: EmbeddingValue): Promise<void> {
    this.labelling?.abort();
    this.columns.value = [];
    if (value.labels === null) return;
    const abort = new AbortController();
    this.labelling = abort;
    try {
      const text = await askLabels(value.labels, abort.signal);
      if (!abort.signal.aborted) this.columns.value = readLabels(text, value.labels.header);
    } catch (error) {
      if (!abort.signal.aborted) this.error.value = (error as Error).message;
    }
  }

  /** Picks a row, and asks for its neighbours; null picks none. */
  async pick(row: number | null, metric: MetricName): Promise<void> {
    this.finding?.abort();
    batch(() => {
      if (row !== this.picked.peek()) this.neighbours.value = null;
      this.picked.value = row;
    });
    if (row === null || this.value === null) return;
    const abort = new AbortController();
    this.finding = abort;
    try {
      const { tensor } = this.value;
      const found = await askNeighbours(tensor, row, MOST_NEIGHBOURS, metric, abort.signal);
      if (!abort.signal.aborted) this.neighbours.value = found;
    } catch (error) {
      if (!abort.signal.aborted) this.error.value = (error as Error).message;
    }
  }

  stop(): void {
    for (const one of [this.placing, this.labelling, this.finding]) one?.abort();
  }
}

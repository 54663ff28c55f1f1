/** A point and what is nearest to it in all dimensions. */
import type { JSX } from "preact";
import type { MetricName, Neighbours } from "../../data/embeddings.ts";
import { Choice } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import type { LabelColumn } from "./labels.ts";

interface CardProps {
  name: (row: number) => string;
  columns: readonly LabelColumn[];
  row: number;
  /** null while they are being looked for. */
  neighbours: Neighbours | null;
  metric: MetricName;
  onMetric: (metric: MetricName) => void;
  onPick: (row: number | null) => void;
}

export function NeighbourCard(props: CardProps): JSX.Element {
  const { name, columns, row, neighbours, metric, onMetric, onPick } = props;
  return (
    <aside class="neighbour-card" aria-label={`Point ${row}`}>
      <header>
        <b>{name(row)}</b>
        <button
          type="button"
          class="icon-button"
          aria-label="Close the neighbours"
          onClick={() => onPick(null)}
        >
          <Icon name="close" />
        </button>
      </header>
      <dl>
        <div>
          <dt>row</dt>
          <dd>{row}</dd>
        </div>
        {columns.map((column) => (
          <div key={column.name}>
            <dt>{column.name}</dt>
            <dd>{column.values[row] ?? ""}</dd>
          </div>
        ))}
      </dl>
      <Choice
        label="Distance"
        value={metric}
        options={[
          { value: "cosine", label: "Cosine" },
          { value: "euclidean", label: "Euclidean" },
        ]}
        onPick={onMetric}
      />
      <ol aria-label="Nearest neighbours" aria-busy={neighbours === null}>
        {neighbours?.points.map((point, i) => (
          <li key={point}>
            <button type="button" data-row={point} onClick={() => onPick(point)}>
              <span class="neighbour-name">{name(point)}</span>
              <span class="quiet">{neighbours.distances[i]!.toPrecision(3)}</span>
            </button>
          </li>
        ))}
      </ol>
    </aside>
  );
}

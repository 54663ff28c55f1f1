/** What is known of the box that is picked, beside the drawing. */
import type { JSX } from "preact";
import { Choice } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { amountOf, amountText, type Costs, deviceOf } from "./graph_costs.ts";
import type { GraphModel, Lighting } from "./graph_model.ts";
import { type Box, isGroup, kindOf, nodeOf, nodesIn, type Tree } from "./graph_tree.ts";

const LIGHTING = [
  { value: "none", label: "No path", title: "Draw everything alike" },
  { value: "sources", label: "Ancestors", title: "Everything that leads to it" },
  { value: "readers", label: "Descendants", title: "Everything that it leads to" },
  { value: "both", label: "Both" },
] as const satisfies readonly { value: Lighting; label: string; title?: string }[];

const MOST_LISTED = 40;

interface CardProps {
  model: GraphModel;
  tree: Tree;
  box: Box;
  /** Shows another box, and opens what it is in. */
  onReveal: (path: string) => void;
}

export function GraphCard({ model, tree, box, onReveal }: CardProps): JSX.Element {
  const node = nodeOf(tree, box);
  const lit = model.lit();
  const costs = model.costs.value;
  return (
    <aside class="graph-card" aria-label={`About ${box.label}`}>
      <header>
        <b title={box.path}>{box.label}</b>
        <button
          type="button"
          class="icon-button"
          aria-label="Close what is said of this"
          onClick={() => model.pick(null)}
        >
          <Icon name="close" />
        </button>
      </header>
      <p class="quiet">{kindOf(tree, box)}</p>
      <Choice
        label="Light the path"
        value={model.lighting.value}
        options={LIGHTING}
        onPick={(value) => {
          model.lighting.value = value;
        }}
      />
      {lit !== null && (
        <p class="quiet" role="status">
          {lit.size} of {tree.leaves.length} nodes
        </p>
      )}
      <dl>
        <Fact name="Name" value={box.path} />
        {costs && deviceOf(costs, box) && <Fact name="Device" value={deviceOf(costs, box)} />}
        {costs && <Amounts costs={costs} box={box} />}
        {node?.shapes?.map((shape, i) => (
          <Fact key={shape + i} name={i === 0 ? "Output" : `Output ${i + 1}`} value={shape} />
        ))}
        {node?.parameters?.map((one) => (
          <Fact key={one} name="Weight" value={one} />
        ))}
        {Object.entries(node?.attributes ?? {}).map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
        {isGroup(box) && <Contents tree={tree} box={box} />}
      </dl>
      {!isGroup(box) && (
        <>
          <Neighbours
            title="Reads"
            tree={tree}
            nodes={tree.sources[box.node]!}
            onReveal={onReveal}
          />
          <Neighbours
            title="Read by"
            tree={tree}
            nodes={tree.readers[box.node]!}
            onReveal={onReveal}
          />
        </>
      )}
    </aside>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value || "—"}</dd>
    </div>
  );
}

const AMOUNTS = [
  ["time", "Time"],
  ["memory", "Memory"],
  ["flops", "FLOPs"],
] as const;

/** What it takes, as far as that is known. */
function Amounts({ costs, box }: { costs: Costs; box: Box }): JSX.Element {
  return (
    <>
      {AMOUNTS.map(([by, name]) => {
        const { sum, known } = amountOf(costs, by, box);
        if (known === 0) return null;
        const note = isGroup(box) ? ` in ${known} of ${box.count} nodes` : "";
        return <Fact key={by} name={name} value={amountText(by, sum) + note} />;
      })}
    </>
  );
}

/** How many of each operation are in a group. */
function Contents({ tree, box }: { tree: Tree; box: Box }): JSX.Element {
  const counts = new Map<string, number>();
  for (const node of nodesIn(box)) {
    const { op } = tree.answer.nodes[node]!;
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return (
    <>
      <Fact name="Nodes" value={String(box.count)} />
      {sorted.slice(0, MOST_LISTED).map(([op, count]) => (
        <Fact key={op} name={op || "(no operation)"} value={String(count)} />
      ))}
    </>
  );
}

interface NeighboursProps {
  title: string;
  tree: Tree;
  nodes: readonly number[];
  onReveal: (path: string) => void;
}

function Neighbours({ title, tree, nodes, onReveal }: NeighboursProps): JSX.Element | null {
  const unique = [...new Set(nodes)];
  if (unique.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {unique.slice(0, MOST_LISTED).map((i) => {
          const { id, op } = tree.answer.nodes[i]!;
          return (
            <li key={id}>
              <button type="button" class="graph-link" title={id} onClick={() => onReveal(id)}>
                {id.slice(id.lastIndexOf("/") + 1)} <span class="quiet">{op}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {unique.length > MOST_LISTED && <p class="quiet">and {unique.length - MOST_LISTED} more</p>}
    </>
  );
}

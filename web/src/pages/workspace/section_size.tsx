/** How many columns a section has, and how high its panels are. */
import type { JSX } from "preact";
import type { SectionGrid } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice } from "../../widgets/choice.tsx";

const COLUMNS = ["0", "1", "2", "3", "4", "6", "8"].map((value) => ({
  value,
  label: value === "0" ? "as the page" : value,
}));
const HEIGHTS = [
  { value: "0.6", label: "low" },
  { value: "1", label: "as the page" },
  { value: "1.5", label: "high" },
  { value: "2.5", label: "higher" },
];
const AS_THE_PAGE: SectionGrid = [0, 1];

export function SectionSize({ ws, id }: { ws: Workspace; id: string }): JSX.Element {
  const [columns, height] = ws.view.value.grids[id] ?? AS_THE_PAGE;
  function change(grid: SectionGrid): void {
    const { [id]: _old, ...others } = ws.view.peek().grids;
    const isUsual = grid[0] === 0 && grid[1] === 1;
    ws.set({ grids: isUsual ? others : { ...others, [id]: grid } });
  }
  return (
    <div class="settings">
      <div class="setting">
        <span class="setting-name">columns</span>
        <Choice
          label="Columns of the section"
          value={String(columns)}
          options={COLUMNS}
          onPick={(value) => change([Number(value), height])}
        />
      </div>
      <div class="setting">
        <span class="setting-name">height</span>
        <Choice
          label="Height of its panels"
          value={String(height)}
          options={HEIGHTS}
          onPick={(value) => change([columns, Number(value)])}
        />
      </div>
    </div>
  );
}

/** Which metric colours the lines, and from what to what the ramp goes. */
import type { JSX } from "preact";
import { formatValue } from "../../base/numbers.ts";
import { rampGradient } from "../../base/ramp.ts";
import { type Hparams, labelOf } from "../../state/hparams.ts";
import { theme } from "../../state/theme.ts";
import { Menu, MenuItem } from "../../widgets/menu.tsx";

export function ColorLegend({ hparams }: { hparams: Hparams }): JSX.Element {
  const column = hparams.colorColumn.value;
  const axis = hparams.colorAxis.value;
  const names = hparams.specs.value.map((spec) => spec.column);
  const [lo, hi] = axis === null ? ["", ""] : endsOf(axis.valueAt, axis.categories);
  return (
    <>
      <Menu
        label={`colour: ${column === null ? "none" : labelOf(column)}`}
        button={
          <>
            colour: <b>{column === null ? "none" : labelOf(column)}</b>
          </>
        }
      >
        {(close) =>
          names.map((name) => (
            <MenuItem
              key={name}
              isChosen={name === column}
              onPick={() => {
                close();
                hparams.ws.set({ axcolor: name });
              }}
            >
              {labelOf(name)}
            </MenuItem>
          ))
        }
      </Menu>
      {axis !== null && (
        <span class="ramp-legend">
          <span>{lo}</span>
          <span class="ramp-bar" style={{ background: rampGradient(theme.value) }} />
          <span>{hi}</span>
        </span>
      )}
    </>
  );
}

function endsOf(
  valueAt: (share: number, step: number) => number,
  categories: readonly string[],
): [string, string] {
  if (categories.length > 0) return [categories[0]!, categories.at(-1)!];
  return [formatValue(valueAt(0, 1e-4)), formatValue(valueAt(1, 1e-4))];
}

/** What the runs are coloured by: the menu that chooses it, and the legend of what it says, read when they are needed. */
import type { JSX } from "preact";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { lazy } from "../lazy.tsx";

interface ColourChoiceProps {
  ws: Workspace;
  close: () => void;
}

const ColourChoice = lazy<ColourChoiceProps>(
  async () => (await import("./colour_choice.tsx")).ColourChoice,
);
const LegendOfColours = lazy<{ ws: Workspace }>(
  async () => (await import("./legend_of_colours.tsx")).LegendOfColours,
);

export function ColourMenu({ ws }: { ws: Workspace }): JSX.Element {
  return (
    <Menu
      label="Colours"
      class="icon-button colour-menu"
      button={<Icon name="palette" />}
      kind="dialog"
    >
      {(close) => <ColourChoice ws={ws} close={close} />}
    </Menu>
  );
}

export function ColourLegend({ ws }: { ws: Workspace }): JSX.Element | null {
  return ws.colours.legend.value === null ? null : <LegendOfColours ws={ws} />;
}

/** The legend of what the colours of runs say. */
import type { JSX } from "preact";
import { rampGradient } from "../../base/ramp.ts";
import type { Legend } from "../../state/colouring.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Colour } from "../../widgets/swatch.tsx";
import { spell } from "./columns.ts";

/** What the colours say: a scale, or the values that have one. */
export function LegendOfColours({ ws }: { ws: Workspace }): JSX.Element | null {
  const legend = ws.colours.legend.value;
  if (legend === null) return null;
  return (
    <div class="colour-legend" role="note" aria-label={`Colours: ${legend.title}`}>
      <span class="legend-title" title={legend.title}>
        {legend.title}
      </span>
      <LegendBody legend={legend} />
      <button
        type="button"
        class="icon-button"
        aria-label="Colour by run again"
        title="Colour by run again"
        onClick={() => ws.set({ color: "" })}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function LegendBody({ legend }: { legend: Legend }): JSX.Element {
  if (legend.kind === "fault") return <span class="legend-fault">{legend.message}</span>;
  if (legend.kind === "ramp") {
    return (
      <span class="legend-ramp" title={legend.isLog ? "logarithmic scale" : "linear scale"}>
        {spell(legend.min)}
        <span class="ramp" style={{ backgroundImage: rampGradient(theme.value) }} />
        {spell(legend.max)}
      </span>
    );
  }
  return (
    <span class="legend-classes">
      {legend.classes.map(({ label, paint }) => (
        <span class="legend-class" key={label} title={label}>
          <Colour paint={paint} theme={theme.value} />
          <span>{label}</span>
        </span>
      ))}
      {legend.more > 0 && <span>+{legend.more} more</span>}
    </span>
  );
}

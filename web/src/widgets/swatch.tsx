/** A run's colour, and the menu that changes it. */
import type { JSX } from "preact";
import { SLOTS, slotOf } from "../base/palette.ts";
import { Menu } from "./menu.tsx";

interface SwatchProps {
  slot: number;
  isOff?: boolean;
  theme: "light" | "dark";
  label: string;
  onPick: (slot: number) => void;
}

export function Swatch({ slot, isOff = false, theme, label, onPick }: SwatchProps): JSX.Element {
  return (
    <Menu
      label={label}
      class="swatch-button"
      kind="dialog"
      button={<Colour slot={slot} theme={theme} isOff={isOff} />}
    >
      {(close) => (
        <div class="swatches">
          {SLOTS.map((_, index) => (
            <button
              type="button"
              key={index}
              class="swatch-choice"
              aria-label={`Colour ${index + 1}`}
              aria-pressed={index === slot}
              onClick={() => {
                onPick(index);
                close();
              }}
            >
              <Colour slot={index} theme={theme} />
            </button>
          ))}
        </div>
      )}
    </Menu>
  );
}

interface ColourProps {
  slot: number;
  theme: "light" | "dark";
  isOff?: boolean;
}

/** A small square in the colour of a slot; slots that are drawn dashed show a gap. */
export function Colour({ slot, theme, isOff = false }: ColourProps): JSX.Element {
  const { dash, light, dark } = slotOf(slot);
  const colour = theme === "dark" ? dark : light;
  return (
    <span
      class={`swatch${isOff ? " off" : ""}${dash.length ? " dashed" : ""}`}
      style={isOff ? {} : { backgroundColor: colour }}
    />
  );
}

/** A run's colour, and the choice of another. */
import type { JSX } from "preact";
import { type Slot, slotOf, slots } from "../base/palette.ts";
import { Menu } from "./menu.tsx";

interface SwatchProps {
  /** The slot that is chosen, or follows from the run's number. */
  slot: number;
  /** What is drawn; without it the colour of the slot. */
  paint?: Slot;
  isOff?: boolean;
  theme: "light" | "dark";
  label: string;
  onPick: (slot: number) => void;
  /** Gives the colour back that the run came with; without it there is nothing to give back. */
  onReset?: (() => void) | undefined;
}

export function Swatch(props: SwatchProps): JSX.Element {
  const { slot, paint = slotOf(slot), isOff = false, theme, label, onPick, onReset } = props;
  return (
    <Menu
      label={label}
      class="swatch-button"
      kind="dialog"
      button={<Colour paint={paint} theme={theme} isOff={isOff} />}
    >
      {(close) => (
        <SlotChoice
          slot={slot}
          theme={theme}
          onPick={(chosen) => {
            onPick(chosen);
            close();
          }}
          onReset={
            onReset &&
            (() => {
              onReset();
              close();
            })
          }
        />
      )}
    </Menu>
  );
}

interface SlotChoiceProps {
  /** null where runs differ. */
  slot: number | null;
  theme: "light" | "dark";
  onPick: (slot: number) => void;
  onReset?: (() => void) | undefined;
  /** Among the items of a menu, or in a dialog of its own. */
  isInMenu?: boolean;
}

/** The colours of the palette to choose from. */
export function SlotChoice(props: SlotChoiceProps): JSX.Element {
  const { slot, theme, onPick, onReset, isInMenu = false } = props;
  const choice = (isChosen: boolean) =>
    isInMenu
      ? ({ role: "menuitemradio", "aria-checked": isChosen } as const)
      : { "aria-pressed": isChosen };
  return (
    <>
      <div class="swatches">
        {slots.value.map((paint, index) => (
          <button
            type="button"
            key={index}
            class="swatch-choice"
            aria-label={`Colour ${index + 1}`}
            {...choice(index === slot)}
            onClick={() => onPick(index)}
          >
            <Colour paint={paint} theme={theme} />
          </button>
        ))}
      </div>
      {onReset && (
        <button
          type="button"
          class="menu-item"
          {...(isInMenu ? { role: "menuitem" } : {})}
          onClick={onReset}
        >
          Back to its own colour
        </button>
      )}
    </>
  );
}

interface ColourProps {
  paint: Slot;
  theme: "light" | "dark";
  isOff?: boolean;
}

/** A small square in a colour; one that is drawn dashed shows a gap, or its dashes where they tell it from others. */
export function Colour({ paint, theme, isOff = false }: ColourProps): JSX.Element {
  return (
    <span
      class={swatchClass(paint, isOff)}
      style={isOff ? {} : { background: swatchBackground(paint, theme) }}
    />
  );
}

export function swatchClass(paint: Slot, isOff: boolean): string {
  const hasGap = paint.dash.length > 0 && !paint.isAlwaysDashed;
  return `swatch${isOff ? " off" : ""}${hasGap ? " dashed" : ""}`;
}

/** The CSS background of a swatch. */
export function swatchBackground(paint: Slot, theme: "light" | "dark"): string {
  return dashedBackground(paint[theme], paint.isAlwaysDashed ? paint.dash : []);
}

/** The CSS background of a colour with a line's dashes in it. */
export function dashedBackground(color: string, dash: readonly number[] = []): string {
  if (dash.length === 0) return color;
  let at = 0;
  const stops = dash.map((part, i) => {
    const from = at;
    at += part / 2;
    return `${i % 2 === 0 ? color : "transparent"} ${from}px ${at}px`;
  });
  return `repeating-linear-gradient(90deg, ${stops.join(", ")})`;
}

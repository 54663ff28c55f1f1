/** A button that stays pressed while something holds. */
import type { JSX } from "preact";

interface ToggleProps {
  label: string;
  title?: string;
  isOn: boolean;
  onTurn: (isOn: boolean) => void;
}

export function Toggle({ label, title, isOn, onTurn }: ToggleProps): JSX.Element {
  return (
    <button
      type="button"
      class="chip toggle"
      aria-pressed={isOn}
      title={title}
      onClick={() => onTurn(!isOn)}
    >
      {label}
    </button>
  );
}

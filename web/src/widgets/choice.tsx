/** A few words of which one holds, in a row: a group of radio buttons. */
import type { JSX } from "preact";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  onPick: (value: T) => void;
}

export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const { label, value, options, onPick } = props;

  function onKey(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const at = options.findIndex((one) => one.value === value);
    const next = options[(at + by + options.length) % options.length]!;
    onPick(next.value);
    const group = event.currentTarget as HTMLElement;
    group.querySelector<HTMLElement>(`[data-value="${CSS.escape(next.value)}"]`)?.focus();
  }

  return (
    <div class="choice" role="radiogroup" aria-label={label} onKeyDown={onKey}>
      {options.map((one) => (
        // biome-ignore lint/a11y/useSemanticElements: a native radio button cannot hold its word
        <button
          key={one.value}
          type="button"
          role="radio"
          data-value={one.value}
          aria-checked={one.value === value}
          tabIndex={one.value === value ? 0 : -1}
          title={one.title}
          onClick={() => onPick(one.value)}
        >
          {one.label}
        </button>
      ))}
    </div>
  );
}

interface SwitchProps {
  label: string;
  isOn: boolean;
  onTurn: (isOn: boolean) => void;
}

/** One word that holds or not. */
export function Switch({ label, isOn, onTurn }: SwitchProps): JSX.Element {
  return (
    <label class="switch">
      <input
        type="checkbox"
        aria-label={label}
        checked={isOn}
        onChange={(event) => onTurn(event.currentTarget.checked)}
      />
      <span />
    </label>
  );
}

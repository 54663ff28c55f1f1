/** Small choices of how something is shown, kept on this device. */
import { type Signal, signal } from "@preact/signals";

const choices = new Map<string, Signal<boolean>>();

/** A choice by its name, and how it is made. */
export function remembered(
  name: string,
  fallback: boolean,
): readonly [Signal<boolean>, (isOn: boolean) => void] {
  const key = `epochal.${name}`;
  let choice = choices.get(key);
  if (choice === undefined) {
    choice = signal(read(key) ?? fallback);
    choices.set(key, choice);
  }
  const chosen = choice;
  return [
    chosen,
    (isOn) => {
      chosen.value = isOn;
      try {
        localStorage.setItem(key, isOn ? "1" : "0");
      } catch {
        // A browser that keeps nothing still has it until the page is closed.
      }
    },
  ];
}

function read(key: string): boolean | null {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : text === "1";
  } catch {
    return null;
  }
}

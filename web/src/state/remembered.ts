/** Small choices of how something is shown, kept on this device. */
import { type Signal, signal } from "@preact/signals";
import { keep, kept } from "../base/kept.ts";

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
      keep(key, isOn ? "1" : "0");
    },
  ];
}

function read(key: string): boolean | null {
  const text = kept(key);
  return text === null ? null : text === "1";
}

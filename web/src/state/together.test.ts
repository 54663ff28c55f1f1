import { effect, signal } from "@preact/signals";
import { afterEach, expect, test, vi } from "vitest";
import { Together } from "./together.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("answers are taken in at once when all of them are there", () => {
  const runs = signal(0);
  const keys = signal(0);
  const seen: string[] = [];
  effect(() => {
    seen.push(`${runs.value} ${keys.value}`);
  });
  const together = new Together(2, () => seen.push("open"));
  together.arrive(() => {
    runs.value = 1;
  });
  expect(seen).toEqual(["0 0"]);
  together.arrive(() => {
    keys.value = 1;
  });
  expect(seen).toEqual(["0 0", "1 1", "open"]);
  together.arrive(() => {
    runs.value = 2;
  });
  expect(seen.at(-1)).toBe("2 1");
});

test("an answer does not wait for ever for another", () => {
  vi.useFakeTimers();
  const taken: string[] = [];
  const together = new Together(2, () => taken.push("open"));
  together.arrive(() => taken.push("runs"));
  vi.advanceTimersByTime(100);
  expect(taken).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(taken).toEqual(["runs", "open"]);
  together.arrive(() => taken.push("keys"));
  expect(taken).toEqual(["runs", "open", "keys"]);
});

test("a page that is left early takes in what it has, once", () => {
  vi.useFakeTimers();
  const taken: string[] = [];
  const together = new Together(2, () => taken.push("open"));
  together.arrive(() => taken.push("runs"));
  together.open();
  together.open();
  vi.advanceTimersByTime(1000);
  expect(taken).toEqual(["runs", "open"]);
});

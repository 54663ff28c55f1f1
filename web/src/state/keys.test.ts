import { afterEach, describe, expect, it, vi } from "vitest";
import { bindKeys, boundKeys, chordNames, chordOf, KEY_IDS, KEYS, pressKey } from "./keys.ts";

function press(key: string, ...modifiers: string[]) {
  return {
    key,
    ctrlKey: modifiers.includes("ctrl"),
    metaKey: modifiers.includes("meta"),
    altKey: modifiers.includes("alt"),
    shiftKey: modifiers.includes("shift"),
    getModifierState: (name: string) => name === "AltGraph" && modifiers.includes("altgraph"),
  };
}

describe("chordOf", () => {
  it("names Ctrl and Cmd alike, and Shift only where it makes another chord", () => {
    expect(chordOf(press("k", "ctrl"))).toBe("mod+k");
    expect(chordOf(press("k", "meta"))).toBe("mod+k");
    expect(chordOf(press("Z", "ctrl", "shift"))).toBe("mod+shift+z");
    expect(chordOf(press("T", "shift"))).toBe("shift+t");
    expect(chordOf(press("X"))).toBe("x"); // caps lock
    expect(chordOf(press("?", "shift"))).toBe("?");
    expect(chordOf(press("ArrowLeft"))).toBe("arrowleft");
  });

  it("takes AltGr as the way to a character and leaves Alt to the browser", () => {
    expect(chordOf(press("[", "ctrl", "alt", "altgraph"))).toBe("[");
    expect(chordOf(press("f", "alt"))).toBeNull();
  });
});

describe("the table", () => {
  it("gives no chord to two ids", () => {
    const chords = KEY_IDS.flatMap((id) => [...KEYS[id].keys]);
    expect(new Set(chords).size).toBe(chords.length);
  });

  it("spells chords as key presses are spelled", () => {
    for (const id of KEY_IDS) {
      for (const chord of KEYS[id].keys) expect(chord).toBe(chord.toLowerCase());
    }
  });
});

describe("bindings", () => {
  const unbinds: (() => void)[] = [];
  afterEach(() => {
    for (const unbind of unbinds.splice(0)) unbind();
  });

  it("asks the newest binding first and an older one when that declines", () => {
    const older = vi.fn();
    const newer = vi.fn(() => false);
    unbinds.push(bindKeys({ back: older, log: older }), bindKeys({ back: newer }));
    expect(boundKeys.value).toEqual(["back", "log"]);
    expect(pressKey("back")).toBe(true);
    expect(newer).toHaveBeenCalledOnce();
    expect(older).toHaveBeenCalledOnce();
    expect(pressKey("axis")).toBe(false);
    unbinds.pop()!();
    newer.mockClear();
    pressKey("back");
    expect(newer).not.toHaveBeenCalled();
  });
});

describe("chordNames", () => {
  it("says what is pressed together, as the keyboard has it", () => {
    expect(chordNames("mod+shift+z", false)).toEqual(["Ctrl", "Shift", "Z"]);
    expect(chordNames("mod+shift+z", true)).toEqual(["⌘", "⇧", "Z"]);
    expect(chordNames("+", false)).toEqual(["+"]);
    expect(chordNames("arrowleft", false)).toEqual(["←"]);
  });
});

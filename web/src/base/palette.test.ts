import { describe, expect, it } from "vitest";
import {
  dashOf,
  PALETTE_NAMES,
  PALETTES,
  type PaletteName,
  paletteName,
  SLOTS,
  slotOf,
  slots,
  solidSlots,
} from "./palette.ts";

type Triple = [number, number, number];
type Matrix = [Triple, Triple, Triple];

const PANELS = { light: "#ffffff", dark: "#15181e" } as const;

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const PROTANOPIA: Matrix = [
  [0.152286, 1.052583, -0.204868],
  [0.114503, 0.786281, 0.099216],
  [-0.003882, -0.048116, 1.051998],
];
const DEUTERANOPIA: Matrix = [
  [0.367322, 0.860646, -0.227968],
  [0.280085, 0.672501, 0.047413],
  [-0.01182, 0.04294, 0.968881],
];
/** Linear sRGB to XYZ, D65. */
const TO_XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

function multiply(matrix: Matrix, [a, b, c]: Triple): Triple {
  return matrix.map((row) => row[0] * a + row[1] * b + row[2] * c) as Triple;
}

function linear(hex: string): Triple {
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Triple;
}

function seenWith(matrix: Matrix, color: Triple): Triple {
  return multiply(matrix, color).map((part) => Math.min(1, Math.max(0, part))) as Triple;
}

function contrast(a: Triple, b: Triple): number {
  const [one, two] = [multiply(TO_XYZ, a)[1], multiply(TO_XYZ, b)[1]];
  return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
}

function toLab(color: Triple): Triple {
  const white = [0.95047, 1, 1.08883] as const;
  const [x, y, z] = multiply(TO_XYZ, color).map((part, i) => {
    const share = part / white[i]!;
    return share > 216 / 24389 ? Math.cbrt(share) : ((24389 / 27) * share + 16) / 116;
  }) as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const sin = (degrees: number) => Math.sin((degrees * Math.PI) / 180);
const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180);

/** CIEDE2000 between two Lab colours. */
function difference([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const meanChroma = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const stretch = 1.5 - 0.5 * Math.sqrt(meanChroma ** 7 / (meanChroma ** 7 + 25 ** 7));
  const [c1, c2] = [Math.hypot(a1 * stretch, b1), Math.hypot(a2 * stretch, b2)];
  const hue = (a: number, b: number) => ((Math.atan2(b, a * stretch) * 180) / Math.PI + 360) % 360;
  const [h1, h2] = [hue(a1, b1), hue(a2, b2)];
  let turn = h2 - h1;
  if (Math.abs(turn) > 180) turn -= Math.sign(turn) * 360;
  if (c1 * c2 === 0) turn = 0;
  let meanHue = (h1 + h2) / 2;
  if (c1 * c2 === 0) meanHue = h1 + h2;
  else if (Math.abs(h1 - h2) > 180) meanHue += h1 + h2 < 360 ? 180 : -180;
  const l = (l1 + l2) / 2;
  const c = (c1 + c2) / 2;
  const t =
    1 -
    0.17 * cos(meanHue - 30) +
    0.24 * cos(2 * meanHue) +
    0.32 * cos(3 * meanHue + 6) -
    0.2 * cos(4 * meanHue - 63);
  const dl = (l2 - l1) / (1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2));
  const dc = (c2 - c1) / (1 + 0.045 * c);
  const dh = (2 * Math.sqrt(c1 * c2) * sin(turn / 2)) / (1 + 0.015 * c * t);
  const rotation =
    -sin(60 * Math.exp(-(((meanHue - 275) / 25) ** 2))) *
    2 *
    Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}

function closest(colors: Triple[]): number {
  let best = Number.POSITIVE_INFINITY;
  colors.forEach((one, i) => {
    for (const other of colors.slice(i + 1)) {
      best = Math.min(best, difference(toLab(one), toLab(other)));
    }
  });
  return best;
}

describe("the measure itself", () => {
  it("agrees with the published CIEDE2000 pairs", () => {
    expect(difference([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 4);
    expect(difference([50, -1.3802, -84.2814], [50, 0, -82.7485])).toBeCloseTo(1.0, 4);
    expect(difference([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])).toBeCloseTo(
      1.2644,
      4,
    );
    expect(difference([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514])).toBeCloseTo(0.9082, 4);
  });

  it("finds red and green alike without green cones, and apart with them", () => {
    const [red, green] = [linear("#a05050"), linear("#6a6a3a")];
    const seen = difference(
      toLab(seenWith(DEUTERANOPIA, red)),
      toLab(seenWith(DEUTERANOPIA, green)),
    );
    expect(seen).toBeLessThan(difference(toLab(red), toLab(green)) / 2);
  });
});

describe.each(["light", "dark"] as const)("the %s palette", (theme) => {
  const all = SLOTS.map((slot) => linear(slot[theme]));
  const hues = all.slice(0, 10);

  it("has twenty colours of 3:1 against the panel", () => {
    expect(all).toHaveLength(20);
    for (const color of all) {
      expect(contrast(color, linear(PANELS[theme]))).toBeGreaterThanOrEqual(3);
    }
  });

  it("keeps the ten hues 12 apart", () => {
    expect(closest(hues)).toBeGreaterThanOrEqual(12);
  });

  it("keeps the ten hues 7 apart for colour-blind eyes", () => {
    for (const matrix of [PROTANOPIA, DEUTERANOPIA]) {
      expect(closest(hues.map((color) => seenWith(matrix, color)))).toBeGreaterThanOrEqual(7);
    }
  });

  it("keeps all twenty apart", () => {
    expect(closest(all)).toBeGreaterThanOrEqual(8);
  });
});

/** Of each palette: the least contrast of its hues and of all, and how far apart they are (CIEDE2000). */
const KEPT: readonly {
  name: PaletteName;
  contrast: readonly [hues: number, all: number];
  apart: readonly [hues: number, all: number];
}[] = [
  { name: "tableau10", contrast: [3, 3], apart: [10, 8] },
  { name: "high-contrast", contrast: [7, 4.5], apart: [12, 8] },
  { name: "deuteranopia", contrast: [3, 3], apart: [11, 8] },
];

describe.each(KEPT)("$name", ({ name, contrast: least, apart }) => {
  it.each(["light", "dark"] as const)("is readable and told apart on the %s theme", (theme) => {
    const all = PALETTES[name].map((slot) => linear(slot[theme]));
    const hues = all.slice(0, 10);
    const weakest = (colors: Triple[]) =>
      Math.min(...colors.map((color) => contrast(color, linear(PANELS[theme]))));
    expect(all).toHaveLength(20);
    expect(weakest(hues)).toBeGreaterThanOrEqual(least[0]);
    expect(weakest(all)).toBeGreaterThanOrEqual(least[1]);
    expect(closest(hues)).toBeGreaterThanOrEqual(apart[0]);
    expect(closest(all)).toBeGreaterThanOrEqual(apart[1]);
  });
});

describe.each(["light", "dark"] as const)("deuteranopia on the %s theme", (theme) => {
  it("keeps all twenty 7 apart for eyes without green cones, and the hues 10", () => {
    const seen = PALETTES.deuteranopia.map((slot) => seenWith(DEUTERANOPIA, linear(slot[theme])));
    expect(closest(seen.slice(0, 10))).toBeGreaterThanOrEqual(10);
    expect(closest(seen)).toBeGreaterThanOrEqual(7);
  });
});

describe.each(["light", "dark"] as const)("mono+dash on the %s theme", (theme) => {
  it("has twenty pairs of a grey of 3:1 and a dash, no two alike", () => {
    const mono = PALETTES["mono+dash"];
    expect(new Set(mono.map((slot) => `${slot[theme]} ${slot.dash}`)).size).toBe(20);
    for (const slot of mono) {
      expect(slot[theme]).toMatch(/^#[0-9a-f]{6}$/);
      expect(contrast(linear(slot[theme]), linear(PANELS[theme]))).toBeGreaterThanOrEqual(3);
    }
    const greys = [...new Set(mono.map((slot) => slot[theme]))].map(linear);
    expect(closest(greys)).toBeGreaterThanOrEqual(10);
  });
});

describe("the palette that is chosen", () => {
  it("decides what a slot looks like, never which slot a run has", () => {
    try {
      for (const name of PALETTE_NAMES) {
        paletteName.value = name;
        expect(slots.value).toHaveLength(20);
        expect(slotOf(43)).toBe(PALETTES[name][3]);
        expect(slotOf(-1)).toBe(PALETTES[name][19]);
      }
      // Points cannot be dashed.
      expect(solidSlots.value).toBe(SLOTS);
    } finally {
      paletteName.value = "default";
    }
  });

  it("dashes twins among many lines, and greys always", () => {
    const [hue, twin, grey] = [SLOTS[0]!, SLOTS[10]!, PALETTES["mono+dash"][1]!];
    expect([dashOf(hue, 50), dashOf(twin, 10)]).toEqual([[], []]);
    expect(dashOf(twin, 11)).toBe(twin.dash);
    expect(dashOf(grey, 1)).toBe(grey.dash);
  });
});

describe("slots", () => {
  it("gives twins and only twins a dash", () => {
    expect(SLOTS.map((slot) => slot.dash.length > 0)).toEqual(SLOTS.map((_, i) => i >= 10));
  });

  it("takes any ordinal", () => {
    expect(slotOf(0)).toBe(SLOTS[0]);
    expect(slotOf(43)).toBe(SLOTS[3]);
    expect(slotOf(-1)).toBe(SLOTS[19]);
  });
});

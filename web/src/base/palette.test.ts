import { describe, expect, it } from "vitest";
import { SLOTS, slotOf } from "./palette.ts";

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

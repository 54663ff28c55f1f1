/** The colours of a terminal on this page: legible on its ground, in both themes. */
import type { Colour, Piece, Rgb } from "./ansi.ts";

type Theme = "light" | "dark";

const GROUND: Record<Theme, Rgb> = { light: [255, 255, 255], dark: [21, 24, 30] };
const INK: Record<Theme, Rgb> = { light: [20, 23, 28], dark: [232, 234, 238] };
/** Black, red, green, yellow, blue, magenta, cyan, white, and the bright ones. */
const NAMED: Record<Theme, readonly Rgb[]> = {
  light: [
    ...([
      [20, 23, 28],
      [180, 35, 24],
      [17, 107, 55],
      [138, 90, 0],
    ] as const),
    ...([
      [35, 71, 199],
      [147, 42, 156],
      [11, 107, 120],
      [91, 100, 114],
    ] as const),
    ...([
      [98, 107, 122],
      [209, 36, 47],
      [26, 127, 55],
      [154, 103, 0],
    ] as const),
    ...([
      [9, 105, 218],
      [163, 60, 190],
      [27, 124, 131],
      [74, 81, 96],
    ] as const),
  ],
  dark: [
    ...([
      [141, 150, 165],
      [255, 123, 114],
      [76, 195, 138],
      [224, 168, 74],
    ] as const),
    ...([
      [138, 162, 255],
      [216, 140, 230],
      [86, 205, 214],
      [200, 206, 216],
    ] as const),
    ...([
      [150, 158, 172],
      [255, 160, 150],
      [120, 220, 165],
      [240, 200, 120],
    ] as const),
    ...([
      [165, 185, 255],
      [230, 170, 240],
      [130, 225, 230],
      [245, 246, 248],
    ] as const),
  ],
};
/** What WCAG asks of text. */
const CONTRAST = 4.5;

export type Ink = { color?: string; backgroundColor?: string };

/** How a piece of text is coloured. */
export function inkOf(piece: Piece, theme: Theme): Ink {
  const [fore, back] = piece.isInverse
    ? [piece.back ?? GROUND[theme], piece.fore ?? INK[theme]]
    : [piece.fore, piece.back];
  const ground = back === null ? GROUND[theme] : rgbOf(back, theme);
  const ink: Ink = {};
  if (fore !== null || back !== null) {
    ink.color = css(legible(fore === null ? INK[theme] : rgbOf(fore, theme), ground));
  }
  if (back !== null) ink.backgroundColor = css(ground);
  return ink;
}

function rgbOf(colour: Colour, theme: Theme): Rgb {
  return typeof colour === "number" ? (NAMED[theme][colour] ?? INK[theme]) : colour;
}

/** A colour moved towards black or white until it can be read on the ground. */
export function legible(colour: Rgb, ground: Rgb): Rgb {
  const end: Rgb = luminance(ground) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share < 1; share += 0.125) {
    const mixed = colour.map((part, i) =>
      Math.round(part + (end[i]! - part) * share),
    ) as unknown as Rgb;
    if (contrast(mixed, ground) >= CONTRAST) return mixed;
  }
  return end;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}

/** Text on colours. */

/** Black or white, whichever is easier to read on a colour of six hexadecimal digits; black on any other. */
export function inkOn(color: string): string {
  const parts = color.match(/[\da-f]{2}/gi)?.slice(0, 3) ?? [];
  const [red, green, blue] = parts.map((part) => Number.parseInt(part, 16));
  if (blue === undefined) return "#000000";
  // Relative luminance, of which white and black have the same contrast at 0.179.
  const linear = (value: number) =>
    value <= 10 ? value / 3295 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = 0.2126 * linear(red!) + 0.7152 * linear(green!) + 0.0722 * linear(blue);
  return light > 0.179 ? "#000000" : "#ffffff";
}

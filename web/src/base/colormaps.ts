/**
 * Colours for the numbers of a picture: the same ones that plots in papers have.
 *
 * 33 even stops of matplotlib's tables (viridis and magma by its authors, turbo by Google), which come within
 * 2 of 255 of the whole ones. Unlike the ramp of lines (ramp.ts) they do not change with the theme: a picture
 * of numbers is data, and is compared with others.
 */

const STOPS = {
  gray: "000000 ffffff",
  viridis:
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d 2f6b8e 2c728e 297a8e 26828e 23898e 21908c 1f978b 1f9f88 21a685 27ad81 31b57b 3ebc74 4dc26c 5cc863 6ece58 82d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725",
  magma:
    "000004 030312 0a0822 130d34 1d1147 29115a 36106b 440f76 50127c 5d177f 691c81 762181 822681 8f2a81 9c2e7f a9337d b6367a c33b75 cf4070 db476a e65164 ee5c5e f46a5c f9785d fb8861 fd9668 fea571 feb47b fec287 fed194 fde0a1 fceeb0 fcfdbf",
  turbo:
    "30123b 392a73 4040a2 4456c7 466be3 4680f6 4293ff 37a7fa 28bbec 1dccd9 18dcc3 1ee8b0 31f299 4cf97e 6bfe64 8aff4c a2fc3c b8f735 cced34 dee037 edd03a f7c03a fdad35 fe982c fb8022 f56818 ec520f e14109 d23105 c12302 ac1701 950d01 7a0403",
} as const;

export type ColormapName = keyof typeof STOPS;
export const COLORMAPS = Object.keys(STOPS) as ColormapName[];

const tables = new Map<ColormapName, Uint8Array>();

export function isColormap(name: string | undefined): name is ColormapName {
  return name !== undefined && Object.hasOwn(STOPS, name);
}

/** Red, green and blue of 256 even places, one after the other. The same array for the same name: not to be written. */
export function colorTable(name: ColormapName): Uint8Array {
  let table = tables.get(name);
  if (table === undefined) {
    const stops = STOPS[name].split(" ").map((hex) => Number.parseInt(hex, 16));
    table = new Uint8Array(3 * 256);
    for (let i = 0; i < 256; i++) {
      const at = (i / 255) * (stops.length - 1);
      const low = Math.min(Math.floor(at), stops.length - 2);
      for (let part = 0; part < 3; part++) {
        const shift = 16 - 8 * part;
        const [a, b] = [(stops[low]! >> shift) & 255, (stops[low + 1]! >> shift) & 255];
        table[3 * i + part] = Math.round(a + (b - a) * (at - low));
      }
    }
    tables.set(name, table);
  }
  return table;
}

/** As a CSS gradient from left to right. */
export function colorGradient(name: ColormapName): string {
  return `linear-gradient(to right, ${STOPS[name]
    .split(" ")
    .map((hex) => `#${hex}`)
    .join(", ")})`;
}

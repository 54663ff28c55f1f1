import { describe, expect, it } from "vitest";
import { placeTooltip } from "./tooltip_place.ts";

const PAGES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const BOXES = [
  { width: 180, height: 60 },
  { width: 340, height: 260 },
];

describe("placeTooltip", () => {
  it("stays on the page and off the pointer, wherever that is", () => {
    const bad: string[] = [];
    let places = 0;
    for (const page of PAGES) {
      for (const box of BOXES) {
        for (let left = 0; left <= page.width; left += 13) {
          for (let top = 0; top <= page.height; top += 13) {
            const corner = placeTooltip(box, { left, top }, page);
            const [right, bottom] = [corner.left + box.width, corner.top + box.height];
            const isInside =
              corner.left >= 0 && corner.top >= 0 && right <= page.width && bottom <= page.height;
            const isOver =
              left >= corner.left && left <= right && top >= corner.top && top <= bottom;
            if (!isInside || isOver) bad.push(JSON.stringify({ page, box, left, top, corner }));
            places += 1;
          }
        }
      }
    }
    expect(bad).toEqual([]);
    expect(places).toBeGreaterThan(1000);
  });
});

import { describe, expect, it } from "vitest";
import { colorTable } from "../../base/colormaps.ts";
import { isGrey, tinted } from "./grey_image.tsx";
import { imagesIn, isSmallEnough, someOf } from "./image_value.ts";
import { boxesIn } from "./layers.ts";
import { differenceOf, type Pixels, pixelAt, pixelText } from "./pixels.ts";
import { panBy, pointAt, WHOLE, zoomAt } from "./viewport.ts";

const IMAGE = { _type: "image", url: "/api/v1/blobs/x", width: 4, height: 2, format: "png" };

describe("imagesIn", () => {
  it("finds one or several images, and nothing in what is none", () => {
    expect(imagesIn({ ...IMAGE, caption: "c" }).map(({ caption }) => caption)).toEqual(["c"]);
    expect(imagesIn({ _type: "images", items: [IMAGE, { _type: "text" }, IMAGE] })).toHaveLength(2);
    for (const value of [null, 3, "x", [], {}, { _type: "images" }, { _type: "image", url: 3 }]) {
      expect(imagesIn(value)).toEqual([]);
    }
  });

  it("believes no size and no caption that is none", () => {
    const [image] = imagesIn({ ...IMAGE, width: -1, height: "9", caption: { a: 1 } });
    expect(image).toMatchObject({ width: 1, height: 1, caption: "" });
  });
});

describe("isSmallEnough", () => {
  it("takes the small picture for large images shown small, and never one that would stand still", () => {
    const [image] = imagesIn({ ...IMAGE, width: 1000, height: 500 });
    expect(isSmallEnough(image!, 200)).toBe(true);
    expect(isSmallEnough(image!, 300)).toBe(false);
    expect(isSmallEnough({ ...image!, width: 200, height: 100 }, 100)).toBe(false);
    expect(isSmallEnough({ ...image!, format: "gif" }, 200)).toBe(false);
  });
});

describe("someOf", () => {
  it("takes the first, the last and evenly between", () => {
    const steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(someOf(steps, 3)).toEqual([0, 5, 10]);
    expect(someOf(steps, 20)).toEqual(steps);
    expect(someOf(steps, 1)).toEqual([10]);
    expect(someOf([], 3)).toEqual([]);
  });
});

describe("the view of a panel's images", () => {
  it("keeps the point under the pointer when it is zoomed", () => {
    let view = WHOLE;
    for (const factor of [2, 3, 0.5]) {
      const before = pointAt(view, 0.3, 0.8);
      view = zoomAt(view, factor, 0.3, 0.8);
      const after = pointAt(view, 0.3, 0.8);
      expect(after.x).toBeCloseTo(before.x, 12);
      expect(after.y).toBeCloseTo(before.y, 12);
    }
    expect(view.zoom).toBe(3);
  });

  it("shows nothing beyond the edges", () => {
    const near = zoomAt(WHOLE, 4, 0, 0);
    expect(near).toEqual({ zoom: 4, left: 0, top: 0 });
    expect(panBy(near, 1, 1)).toEqual(near);
    expect(panBy(near, -10, -10)).toEqual({ zoom: 4, left: 0.75, top: 0.75 });
    expect(zoomAt(near, 0.01, 0.5, 0.5)).toEqual(WHOLE);
    expect(zoomAt(WHOLE, 1000, 0.5, 0.5).zoom).toBe(64);
  });
});

function gray(width: number, height: number, value: (x: number, y: number) => number): Pixels {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.fill(value(x, y), 4 * (y * width + x), 4 * (y * width + x) + 3);
      data[4 * (y * width + x) + 3] = 255;
    }
  }
  return { width, height, data };
}

describe("pixels", () => {
  it("are read as they are", () => {
    const pixels = gray(2, 1, (x) => 10 * x);
    expect(pixelText(pixels, 1, 0)).toBe("10");
    pixels.data.set([1, 2, 3, 255, 1, 2, 3, 4]);
    expect(pixelText(pixels, 0, 0)).toBe("1 2 3");
    expect(pixelText(pixels, 1, 0)).toBe("1 2 3 / 4");
    expect(pixelAt({ width: 4, height: 2 }, { x: 0.5, y: 0.999 })).toEqual([2, 1]);
    expect(pixelAt({ width: 4, height: 2 }, { x: 1, y: -0.1 })).toEqual([3, 0]);
  });

  it("differ by what is between them", () => {
    const found = differenceOf(
      gray(4, 2, (x) => 10 * x),
      gray(4, 2, (x, y) => (x === 3 ? 40 + 10 * y : 10 * x)),
    );
    expect([found.mean, found.largest, found.share]).toEqual([(10 + 20) / 8, 20, 2 / 8]);
    expect([...found.data.slice(12, 16)]).toEqual([10, 10, 10, 255]);
    expect([...found.data.slice(0, 4)]).toEqual([0, 0, 0, 255]);
  });

  it("of another size are compared where they lie", () => {
    const small = gray(2, 1, (x) => 100 * x);
    expect(
      differenceOf(
        gray(4, 2, (x) => (x < 2 ? 0 : 100)),
        small,
      ).largest,
    ).toBe(0);
    expect(
      differenceOf(
        gray(4, 2, () => 0),
        small,
      ).share,
    ).toBe(0.5);
  });
});

describe("boxes over images", () => {
  const IMAGE = { width: 200, height: 100 };
  it("are read in shares and in pixels, by corners and by middles", () => {
    const { boxes, labels } = boxesIn(
      {
        box_data: [
          {
            position: { minX: 0.1, maxX: 0.5, minY: 0.2, maxY: 0.4 },
            class_id: 3,
            scores: { p: 0.5 },
          },
          { position: { middle: [100, 50], width: 20, height: 10 }, domain: "pixel", class_id: 1 },
          { position: { minX: "x" } },
          null,
        ],
        class_labels: { 1: "car" },
      },
      IMAGE,
    );
    expect(boxes.map((box) => [box.left, box.top, box.width, box.height])).toEqual([
      [0.1, 0.2, 0.4, 0.2],
      [0.45, 0.45, 0.1, 0.1],
    ]);
    expect(boxes.map(({ text }) => text)).toEqual(["class 3, p 0.5", "car"]);
    expect(labels).toEqual({ 1: "car" });
    expect(boxesIn(null, IMAGE).boxes).toEqual([]);
  });
});

describe("pictures of one channel", () => {
  const pixels = {
    width: 2,
    height: 1,
    data: Uint8ClampedArray.of(0, 0, 0, 255, 100, 100, 100, 9),
  };

  it("are told by their pixels", () => {
    expect(isGrey(pixels)).toBe(true);
    expect(isGrey({ ...pixels, data: Uint8ClampedArray.of(1, 1, 2, 255) })).toBe(false);
  });

  it("have the colour of their level, brightened before it is chosen", () => {
    const table = colorTable("turbo");
    const plain = tinted(pixels, { map: "turbo", bright: 1, contrast: 1 });
    expect([...plain.subarray(4)]).toEqual([...table.subarray(300, 303), 9]);
    const lit = tinted(pixels, { map: "turbo", bright: 2, contrast: 1 });
    expect([...lit.subarray(4)]).toEqual([...table.subarray(600, 603), 9]);
    const harsh = tinted(pixels, { map: "turbo", bright: 1, contrast: 2 });
    expect([...harsh.subarray(0, 3)]).toEqual([...table.subarray(0, 3)]);
  });
});

/** Boxes and masks over an image, as far as their classes are shown. */
import { createContext, type JSX } from "preact";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { inkOn } from "../../base/ink.ts";
import type { Key } from "../../data/wire.ts";
import { runChartsOf } from "../../state/charts.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import type { ImageLayer, ImageValue } from "./image_value.ts";
import { type BoxLayer, classColor, classKey, loadBoxes, loadMask, paintMask } from "./layers.ts";
import type { Pixels } from "./pixels.ts";

/** The classes that are hidden, as `layer:class`. */
export const HiddenClasses = createContext<ReadonlySet<string>>(new Set());

export function hiddenIn(text: string | undefined): ReadonlySet<string> {
  return new Set(text ? text.split("\n") : []);
}

export function ImageLayers({ image }: { image: ImageValue }): JSX.Element | null {
  if (image.layers.length === 0) return null;
  return (
    <>
      {image.layers.map((layer) =>
        layer.kind === "mask" ? (
          <Mask key={`mask ${layer.name}`} layer={layer} />
        ) : (
          <Boxes key={`boxes ${layer.name}`} layer={layer} image={image} />
        ),
      )}
    </>
  );
}

function Mask({ layer }: { layer: ImageLayer }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const hidden = useContext(HiddenClasses);
  const [pixels, setPixels] = useState<Pixels | null>(null);
  useEffect(() => {
    let isGone = false;
    void loadMask(layer).then((found) => isGone || setPixels(found));
    return () => {
      isGone = true;
    };
  }, [layer.url]);
  useEffect(() => {
    const element = canvas.current;
    if (pixels === null || element === null) return;
    element.width = pixels.width;
    element.height = pixels.height;
    const isShown = (id: number) => !hidden.has(classKey(layer.name, id));
    element.getContext("2d")!.putImageData(paintMask(pixels, isShown), 0, 0);
  }, [pixels, hidden, layer.name]);
  return <canvas ref={canvas} class="image-layer" />;
}

function Boxes({ layer, image }: { layer: ImageLayer; image: ImageValue }): JSX.Element {
  const hidden = useContext(HiddenClasses);
  const [found, setFound] = useState<BoxLayer | null>(null);
  useEffect(() => {
    let isGone = false;
    loadBoxes(layer, image).then(
      (boxes) => isGone || setFound(boxes),
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [layer.url]);
  return (
    <span class="image-layer">
      {found?.boxes
        .filter(({ classId }) => !hidden.has(classKey(layer.name, classId)))
        .map(({ left, top, width, height, classId, text }, i) => (
          <span
            key={i}
            class="image-box"
            style={{
              left: `${100 * left}%`,
              top: `${100 * top}%`,
              width: `${100 * width}%`,
              height: `${100 * height}%`,
              borderColor: classColor(classId),
            }}
          >
            {/* Not as text: the button that the image is has a name of its own. */}
            <span
              class="image-box-text"
              data-text={text}
              style={{
                backgroundColor: classColor(classId),
                color: inkOn(classColor(classId)),
              }}
            />
          </span>
        ))}
    </span>
  );
}

interface ClassesProps {
  ws: Workspace;
  metric: Key;
  id: string;
  images: readonly ImageValue[];
}

/** Images that tell which classes there are. */
const MOST_LOOKED_AT = 60;

/** A switch for each class of the boxes and masks of a panel. */
export function ClassSettings({ ws, metric, id, images }: ClassesProps): JSX.Element | null {
  const layers = useMemo(
    () =>
      images
        .slice(0, MOST_LOOKED_AT)
        .flatMap((image) => image.layers.map((layer) => ({ image, layer }))),
    [images],
  );
  const [classes, setClasses] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    let isGone = false;
    void classesOf(layers).then((found) => isGone || setClasses(found));
    return () => {
      isGone = true;
    };
  }, [layers]);
  const hasMasks = layers.some(({ layer }) => layer.kind === "mask");
  const told = hasMasks ? runChartsOf(ws).value : null;
  if (layers.length === 0) return null;
  // What runs say of the classes of a mask; boxes have it with them.
  const nameOf = (key: string): string | undefined => {
    const cut = key.lastIndexOf(":");
    for (const run of ws.shownOrder.value) {
      const name = told?.get(run)?.masks[metric.name]?.[key.slice(0, cut)]?.[key.slice(cut + 1)];
      if (name !== undefined) return `${key.slice(0, cut)}: ${name}`;
    }
    return undefined;
  };
  const hidden = hiddenIn(optionsOf(ws, id).off);
  return (
    <>
      <p class="menu-title">Boxes and masks</p>
      {[...classes].map(([key, label]) => (
        <label key={key} class="menu-item">
          <input
            type="checkbox"
            checked={!hidden.has(key)}
            onChange={() => {
              const next = new Set(hidden);
              if (!next.delete(key)) next.add(key);
              setOption(ws, id, "off", next.size > 0 ? [...next].join("\n") : null);
            }}
          />
          <span
            class="swatch"
            style={{ backgroundColor: classColor(Number(key.slice(key.lastIndexOf(":") + 1))) }}
          />
          {nameOf(key) ?? label}
        </label>
      ))}
    </>
  );
}

async function classesOf(
  layers: readonly { image: ImageValue; layer: ImageLayer }[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await Promise.all(
    layers.map(async ({ image, layer }) => {
      if (layer.kind === "boxes") {
        const { boxes, labels } = await loadBoxes(layer, image).catch(() => ({
          boxes: [],
          labels: {},
        }));
        for (const { classId } of boxes) {
          const name = (labels as Record<string, string>)[classId] ?? `class ${classId}`;
          found.set(classKey(layer.name, classId), `${layer.name}: ${name}`);
        }
        return;
      }
      const pixels = await loadMask(layer);
      const ids = new Set<number>();
      for (let at = 0; at < (pixels?.data.length ?? 0); at += 4) ids.add(pixels!.data[at]!);
      for (const id of ids) found.set(classKey(layer.name, id), `${layer.name}: class ${id}`);
    }),
  );
  return new Map([...found].sort((a, b) => (a[1] < b[1] ? -1 : 1)));
}

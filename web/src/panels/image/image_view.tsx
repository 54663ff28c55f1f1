/** One image in its frame: what of it is seen is shared with the others of the panel. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";
import { GreyImage, GreyTint, tintTable } from "./grey_image.tsx";
import { ImageLayers } from "./image_layers.tsx";
import { type ImageValue, isSmallEnough, THUMB } from "./image_value.ts";
import { drawNumbers } from "./pixel_numbers.ts";
import { type Pixels, pixelAt, pixelsOf, pixelText } from "./pixels.ts";
import type { Viewport } from "./viewport.ts";

interface ImageViewProps {
  image: ImageValue;
  label: string;
  /** Of the frame, in CSS pixels; the image is as large in it as it can be. */
  width: number;
  height: number;
  viewport: Viewport;
  /** Whether a plain wheel zooms. */
  isLarge?: boolean;
  onOpen?: () => void;
}

/** The size of an image in a frame. */
export function sizeIn(image: ImageValue, width: number, height: number): [number, number] {
  const scale = Math.min(width / image.width, height / image.height);
  return [Math.max(1, image.width * scale), Math.max(1, image.height * scale)];
}

export function ImageView(props: ImageViewProps): JSX.Element {
  const { image, label, width, height, viewport, isLarge = false, onOpen } = props;
  const [wide, high] = sizeIn(image, width, height);
  const box = useRef<HTMLButtonElement>(null);
  const { view } = viewport;
  const shown = Math.max(wide, high) * (window.devicePixelRatio || 1);
  const isSmall = useComputed(() => isSmallEnough(image, shown * view.value.zoom)).value;
  // Pixels that are seen as such have edges: nothing is made up between them.
  const isCoarse = useComputed(() => wide * view.value.zoom >= 1.5 * image.width).value;
  const source = useSource(image, isSmall);
  useEffect(() => {
    const element = box.current!;
    // Preact listens passively, and the wheel must not scroll what it zooms.
    const onWheel = (event: WheelEvent) => viewport.onWheel(event, isLarge);
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [viewport, isLarge]);
  return (
    <button
      ref={box}
      type="button"
      class="image-view"
      aria-label={onOpen ? `${label}: show it large` : label}
      title={image.caption || undefined}
      style={{ width: `${wide}px`, height: `${high}px` }}
      onClick={() => {
        if (!viewport.hasMoved) onOpen?.();
      }}
      onDblClick={() => {
        if (isLarge) viewport.reset();
      }}
      onPointerDown={(event) => viewport.onPointerDown(event)}
      onPointerMove={(event) => viewport.onPointerMove(event)}
      onPointerUp={() => viewport.onPointerUp()}
      onPointerLeave={() => viewport.leave()}
    >
      {source === null ? (
        <Broken image={image} />
      ) : (
        <img
          src={source.url || undefined}
          alt=""
          draggable={false}
          loading={isLarge ? "eager" : "lazy"}
          decoding="async"
          class={isCoarse ? "coarse" : undefined}
          onLoad={source.onLoad}
          onError={source.onError}
        />
      )}
      {source !== null && <GreyImage image={image} isCoarse={isCoarse} />}
      <ImageLayers image={image} />
      <Numbers image={image} width={wide} height={high} viewport={viewport} />
    </button>
  );
}

/** In place of a picture that did not come: why, in the server's words where it has some. */
function Broken({ image }: { image: ImageValue }): JSX.Element {
  const [reason, setReason] = useState("");
  const url = mediaUrl(image);
  useEffect(() => {
    const abort = new AbortController();
    getBytes(url, abort.signal, 1).catch((error) => {
      if (!abort.signal.aborted) setReason(`: ${error.message}`);
    });
    return () => abort.abort();
  }, [url]);
  return <span class="image-broken">{`This picture cannot be shown${reason}.`}</span>;
}

interface Source {
  url: string;
  onLoad: () => void;
  onError: () => void;
}

/** Where the picture comes from: the small one first, the whole when that is there; null: none can be shown. */
function useSource(image: ImageValue, isSmall: boolean): Source | null {
  const [loaded, setLoaded] = useState("");
  const [failed, setFailed] = useState<readonly string[]>([]);
  const drawing = useDrawing(image);
  if (drawing === "") return { url: "", onLoad: nothing, onError: nothing };
  const whole = drawing ?? mediaUrl(image);
  const small = isSmallEnough(image, THUMB) ? mediaUrl(image, THUMB) : whole;
  const isSmallThere = loaded === small || loaded === whole || failed.includes(small);
  const wanted = isSmallThere && !isSmall ? [whole, small] : [small, whole];
  const url = wanted.find((one) => !failed.includes(one));
  if (url === undefined) return null;
  return {
    url,
    onLoad: () => setLoaded(url),
    onError: () => setFailed([...failed, url]),
  };
}

const nothing = () => undefined;

/**
 * The address of an SVG as an image, in which it runs nothing and asks for nothing: the server serves it as
 * bytes without a type, because as a page it could. "" while it is on its way; null for other images.
 */
function useDrawing(image: ImageValue): string | null {
  const isDrawing = image.format === "svg";
  const [url, setUrl] = useState("");
  useEffect(() => {
    if (!isDrawing) return;
    const abort = new AbortController();
    let made = "";
    void getBytes(mediaUrl(image), abort.signal).then(
      (bytes) => {
        if (abort.signal.aborted) return;
        made = URL.createObjectURL(new Blob([bytes], { type: "image/svg+xml" }));
        setUrl(made);
      },
      // Without a picture the address is one at which there is none, which says so.
      () => abort.signal.aborted || setUrl(mediaUrl(image)),
    );
    return () => {
      abort.abort();
      if (made !== "") URL.revokeObjectURL(made);
    };
  }, [isDrawing, image.url]);
  return isDrawing ? url : null;
}

/** Pixels of an image that its size on the screen leaves room for a number in, in CSS pixels. */
const ROOM_FOR_NUMBER = 26;

interface NumbersProps {
  image: ImageValue;
  width: number;
  height: number;
  viewport: Viewport;
}

/** The values of the pixels, once they are so large that there is room in them. */
function Numbers({ image, width, height, viewport }: NumbersProps): JSX.Element | null {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tint = useContext(GreyTint);
  const isShown = useComputed(() => {
    const { zoom } = viewport.view.value;
    return zoom > 1 && (width * zoom) / image.width >= ROOM_FOR_NUMBER;
  }).value;
  const view = isShown ? viewport.view.value : null;
  useEffect(() => {
    if (view === null) return;
    let isLeft = false;
    void pixelsOf(image).then((pixels) => {
      if (!isLeft && pixels !== null && canvas.current !== null) {
        const colors = tint === null ? null : tintTable(tint);
        drawNumbers(canvas.current, pixels, view, width, height, colors);
      }
    });
    return () => {
      isLeft = true;
    };
  }, [view, image.url, width, height, tint]);
  return isShown ? <canvas ref={canvas} class="image-numbers" /> : null;
}

/** What the pixel under the pointer holds, in this image as in the others. */
export function Readout(props: {
  image: ImageValue;
  viewport: Viewport;
  otherwise: string;
}): JSX.Element {
  const { image, viewport, otherwise } = props;
  const [pixels, setPixels] = useState<Pixels | null>(null);
  const probe = viewport.probe.value;
  const isProbed = probe !== null;
  useEffect(() => {
    setPixels(null);
    if (!isProbed) return;
    let isLeft = false;
    void pixelsOf(image).then((found) => {
      if (!isLeft) setPixels(found);
    });
    return () => {
      isLeft = true;
    };
  }, [isProbed, image.url]);
  if (probe === null || pixels === null) return <span class="image-step">{otherwise}</span>;
  const [x, y] = pixelAt(pixels, probe);
  return (
    <span class="image-step probed">
      {x},{y}: {pixelText(pixels, x, y)}
    </span>
  );
}

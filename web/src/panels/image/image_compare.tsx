/** Two images of a panel on one another: a line between them, their difference, or one through the other. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatValue } from "../../base/numbers.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { cellLabel } from "./image_grid.tsx";
import type { Cell } from "./image_table.ts";
import { ImageView, sizeIn } from "./image_view.tsx";
import { type Difference, differenceOf, pixelsOf } from "./pixels.ts";
import type { Viewport } from "./viewport.ts";

interface ImageCompareProps {
  ws: Workspace;
  cells: readonly Cell[];
  width: number;
  height: number;
  viewport: Viewport;
  onClose: () => void;
}

type Mode = "slider" | "difference" | "blend";
const MODES = [
  { value: "slider", label: "A | B", title: "A at the left of the line, B at its right" },
  { value: "difference", label: "|A − B|", title: "How far apart the values of each pixel are" },
  { value: "blend", label: "blend", title: "B through A" },
] as const;

const BAR = 32;

export function ImageCompare(props: ImageCompareProps): JSX.Element {
  const { ws, cells, width, height, viewport, onClose } = props;
  const [mode, setMode] = useState<Mode>("slider");
  const [share, setShare] = useState(50);
  const [ids, setIds] = useState<readonly [string, string]>([cells[0]!.id, cells[1]!.id]);
  const find = (id: string, other: number) => cells.find((cell) => cell.id === id) ?? cells[other]!;
  const [a, b] = [find(ids[0], 0), find(ids[1], 1)];
  const choose = (label: "A" | "B", cell: Cell, set: (id: string) => void) => (
    <label class="image-choice">
      {label}
      <select value={cell.id} onChange={(event) => set(event.currentTarget.value)}>
        {cells.map((one) => (
          <option key={one.id} value={one.id}>
            {optionText(ws, one)}
          </option>
        ))}
      </select>
    </label>
  );
  const size = { width: width - 8, height: height - 2 * BAR - 8 };
  return (
    <div class="image-single">
      <div class="image-bar">
        <button type="button" class="chip" title="Back to all images (Esc)" onClick={onClose}>
          <Icon name="grid" /> All
        </button>
        {choose("A", a, (id) => setIds([id, ids[1]]))}
        {choose("B", b, (id) => setIds([ids[0], id]))}
      </div>
      <div class="image-bar">
        <Choice label="How they are compared" value={mode} options={MODES} onPick={setMode} />
        {mode === "difference" ? (
          <DifferenceText a={a} b={b} />
        ) : (
          <input
            type="range"
            min={0}
            max={100}
            value={share}
            aria-label={mode === "slider" ? "Place of the line" : "Share of B"}
            onInput={(event) => setShare(event.currentTarget.valueAsNumber)}
          />
        )}
      </div>
      <div class="image-frame" style={{ width: `${width}px`, height: `${height - 2 * BAR}px` }}>
        {mode === "difference" ? (
          <DifferenceView a={a} b={b} {...size} />
        ) : (
          <>
            <ImageView
              image={a.image}
              label={`A: ${cellLabel(ws, a)}`}
              {...size}
              viewport={viewport}
              isLarge
            />
            <div
              class="image-over"
              style={
                mode === "slider"
                  ? { clipPath: `inset(0 0 0 ${splitOf(a, size, share)}px)` }
                  : { opacity: String(share / 100) }
              }
            >
              <ImageView
                image={b.image}
                label={`B: ${cellLabel(ws, b)}`}
                {...size}
                viewport={viewport}
                isLarge
              />
            </div>
            {mode === "slider" && (
              <span class="image-line" style={{ left: `${splitOf(a, size, share)}px` }} />
            )}
          </>
        )}
      </div>
    </div>
  );
}

/** Where the line stands in the frame, in CSS pixels: the image's own width is divided. */
function splitOf(cell: Cell, size: { width: number; height: number }, share: number): number {
  const [wide] = sizeIn(cell.image, size.width, size.height);
  return (size.width + 8 - wide) / 2 + (wide * share) / 100;
}

function optionText(ws: Workspace, cell: Cell): string {
  const run = ws.known.value.get(cell.run)?.name ?? cell.run;
  return `${run} · ${cell.label} · ${cell.step}`;
}

function useDifference(a: Cell, b: Cell): Difference | null | undefined {
  const [found, setFound] = useState<Difference | null | undefined>(undefined);
  useEffect(() => {
    let isLeft = false;
    void Promise.all([pixelsOf(a.image), pixelsOf(b.image)]).then(([first, second]) => {
      if (isLeft) return;
      setFound(first !== null && second !== null ? differenceOf(first, second) : null);
    });
    return () => {
      isLeft = true;
    };
  }, [a.image.url, b.image.url]);
  return found;
}

function DifferenceText({ a, b }: { a: Cell; b: Cell }): JSX.Element {
  const found = useDifference(a, b);
  if (found === undefined) return <span />;
  if (found === null) return <span>These pictures are too large, or cannot be read.</span>;
  const { mean, largest, share } = found;
  return (
    <output class="image-bar-text">
      mean {formatValue(mean)}, largest {largest} of 255; {formatValue(100 * share)} % of the pixels
      differ
    </output>
  );
}

function DifferenceView(props: { a: Cell; b: Cell; width: number; height: number }): JSX.Element {
  const { a, b, width, height } = props;
  const found = useDifference(a, b);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [wide, high] = sizeIn(a.image, width, height);
  useEffect(() => {
    if (!found || canvas.current === null) return;
    canvas.current.width = found.width;
    canvas.current.height = found.height;
    const image = new ImageData(found.width, found.height);
    image.data.set(found.data);
    canvas.current.getContext("2d")!.putImageData(image, 0, 0);
  }, [found]);
  return (
    <canvas
      ref={canvas}
      class="image-difference coarse"
      role="img"
      aria-label="The difference of A and B"
      style={{ width: `${wide}px`, height: `${high}px` }}
    />
  );
}

/** A plot as an image file: the same pixels as on the page, finer, with title and legend. */
import { LEGEND_GAP, LEGEND_SAMPLE, surround } from "./legend.ts";
import { drawMarkLabel, drawPins } from "./overlay.ts";
import { firstNan, paintLabels, paintScene } from "./paint.ts";
import type { PictureOptions } from "./plot_types.ts";
import { Raster } from "./raster.ts";
import type { Scene } from "./scene.ts";
import type { Theme } from "./theme.ts";
import { MARGIN } from "./trace.ts";

/** Draws a scene that is laid out for the resolution of the image. */
export async function drawPNG(scene: Scene, theme: Theme, picture: PictureOptions): Promise<Blob> {
  const { ratio } = scene.size;
  const probe = new OffscreenCanvas(1, 1).getContext("2d")!;
  probe.font = theme.font;
  const around = surround(scene, theme, picture, (text) => probe.measureText(text).width);
  const canvas = new OffscreenCanvas(
    Math.round(around.width * ratio),
    Math.round(around.height * ratio),
  );
  const context = canvas.getContext("2d")!;
  context.fillStyle = theme.panelText;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const area = scene.area();
  const raster = new Raster(area.width + 2 * MARGIN, area.height + 2 * MARGIN);
  paintScene(raster, scene, theme, null);
  const top = Math.round(around.plotTop * ratio);
  context.putImageData(raster.image, area.left - MARGIN, top + area.top - MARGIN);
  context.translate(0, top);
  paintLabels(context, scene, theme);
  context.scale(ratio, ratio);
  drawAbove(context as unknown as CanvasRenderingContext2D, scene, theme);
  context.translate(0, -top / ratio);
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = theme.ink;
  context.font = titleFont(theme);
  context.fillText(around.title, 12, around.plotTop / 2);
  context.font = theme.font;
  context.fillStyle = theme.label;
  context.textAlign = "center";
  context.fillText(around.axis.text, (area.left + area.width / 2) / ratio, around.axis.top);
  context.textAlign = "left";
  for (const { left, middle, color, dash, width, text } of around.legend) {
    if (width > 0) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.setLineDash([...dash]);
      context.beginPath();
      context.moveTo(left, middle);
      context.lineTo(left + LEGEND_SAMPLE, middle);
      context.stroke();
    }
    context.fillStyle = theme.ink;
    context.fillText(text, left + LEGEND_SAMPLE + LEGEND_GAP, middle);
  }
  return await canvas.convertToBlob({ type: "image/png" });
}

export function titleFont(theme: Theme): string {
  return theme.font.replace(/^[\d.]+px/, "600 13px");
}

/** What is on the page's overlay and belongs to the picture. */
function drawAbove(context: CanvasRenderingContext2D, scene: Scene, theme: Theme): void {
  const { ratio } = scene.size;
  const { left, top, width, height } = scene.area();
  const plot = {
    left: left / ratio,
    top: top / ratio,
    right: (left + width) / ratio,
    bottom: (top + height) / ratio,
  };
  const brush = { context, theme, plot, ratio };
  const { marks = [] } = scene.options;
  drawPins(
    brush,
    marks.map((x) => plot.left + scene.xScale.toPixel(x) / ratio),
  );
  const nan = firstNan(scene);
  if (nan !== null) drawMarkLabel(brush, "NaN", nan.column, nan.taken);
}

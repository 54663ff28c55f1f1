/**
 * The one WebGL context of the page: draws a scene at the size of a cell, and copies the picture onto
 * the cell's canvas. Browsers allow about sixteen contexts a page, and a page may show more meshes.
 */
import {
  type Camera,
  Color,
  ColorManagement,
  LinearSRGBColorSpace,
  type Scene,
  WebGLRenderer,
} from "three";

// Colours are shown as they were logged.
ColorManagement.enabled = false;

let renderer: WebGLRenderer | null = null;
let failure: string | null = null;
const restored = new Set<() => void>();

/** Why nothing can be drawn, in one sentence; null when it can. */
export function whyNot(): string | null {
  if (renderer !== null || failure !== null) return failure;
  try {
    renderer = new WebGLRenderer({ antialias: true });
    renderer.outputColorSpace = LinearSRGBColorSpace;
    renderer.setPixelRatio(1);
    renderer.domElement.addEventListener("webglcontextrestored", () => {
      for (const draw of restored) draw();
    });
  } catch {
    failure =
      "This browser draws no WebGL here, which meshes need; its settings or another browser help.";
  }
  return failure;
}

/** Calls back when everything has to be drawn anew; returns what ends that. */
export function onRestored(draw: () => void): () => void {
  restored.add(draw);
  return () => restored.delete(draw);
}

export function paint(
  canvas: HTMLCanvasElement,
  scene: Scene,
  camera: Camera,
  background: string,
): void {
  if (renderer === null || canvas.width === 0 || canvas.height === 0) return;
  const { width, height } = canvas;
  const gl = renderer.domElement;
  if (gl.width < width || gl.height < height) {
    renderer.setSize(Math.max(gl.width, width), Math.max(gl.height, height), false);
  }
  // In the lower left corner of the shared canvas, as WebGL counts.
  renderer.setScissorTest(true);
  renderer.setViewport(0, 0, width, height);
  renderer.setScissor(0, 0, width, height);
  renderer.setClearColor(new Color(background), 1);
  renderer.clear();
  renderer.render(scene, camera);
  canvas.getContext("2d")!.drawImage(gl, 0, gl.height - height, width, height, 0, 0, width, height);
}

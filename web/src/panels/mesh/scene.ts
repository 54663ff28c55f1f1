/** A mesh as a scene of three.js, and the camera that an orbit and the logged settings make. */
import {
  AmbientLight,
  BufferAttribute,
  BufferGeometry,
  type Camera,
  Color,
  DirectionalLight,
  DoubleSide,
  Light,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  OrthographicCamera,
  PerspectiveCamera,
  Points,
  PointsMaterial,
  Scene,
} from "three";
import { basisOf, type Orbit } from "../../base/orbit.ts";
import { rampColor } from "../../base/ramp.ts";
import type { MeshItem } from "./mesh_data.ts";

export type ColorBy = "logged" | "height" | "none";

export interface Look {
  readonly colorBy: ColorBy;
  readonly isWireframe: boolean;
  /** Of points, in CSS pixels; null: as logged, or 3. */
  readonly pointSize: number | null;
  readonly theme: "light" | "dark";
}

type Config = Readonly<Record<string, unknown>>;

const PLAIN = { light: "#6b7fae", dark: "#8ea3d8" } as const;

export class MeshScene {
  private readonly scene = new Scene();
  private readonly geometry = new BufferGeometry();
  private readonly middle: readonly [number, number, number];
  private readonly radius: number;
  private readonly body: Mesh | Points;
  private readonly meshMaterial: MeshStandardMaterial | MeshBasicMaterial | null;
  private readonly pointsMaterial: PointsMaterial | null;
  private readonly lines: LineSegments<BufferGeometry, LineBasicMaterial> | null;
  private colored = "";

  constructor(
    private readonly item: MeshItem,
    private readonly config: Config,
  ) {
    const { low, high, positions, faces } = item;
    this.middle = [0, 1, 2].map((i) => (low[i]! + high[i]!) / 2) as [number, number, number];
    this.radius =
      Math.max(
        farthest(positions, this.middle),
        farthest(item.segments ?? new Float32Array(), this.middle),
      ) || 1;
    this.geometry.setAttribute("position", new BufferAttribute(positions, 3));
    const settings = objectIn(config, "material");
    if (faces === null) {
      this.pointsMaterial = new PointsMaterial({ vertexColors: true, sizeAttenuation: false });
      this.meshMaterial = null;
      this.body = new Points(this.geometry, this.pointsMaterial);
    } else {
      this.geometry.setIndex(new BufferAttribute(faces, 1));
      this.geometry.computeVertexNormals();
      const isBasic = settings.cls === "MeshBasicMaterial";
      const shared = { vertexColors: true, side: DoubleSide };
      this.meshMaterial = isBasic
        ? new MeshBasicMaterial(shared)
        : new MeshStandardMaterial({
            ...shared,
            roughness: numberIn(settings, "roughness", 1),
            metalness: numberIn(settings, "metalness", 0),
          });
      this.pointsMaterial = null;
      this.body = new Mesh(this.geometry, this.meshMaterial);
    }
    this.scene.add(this.body);
    this.lines = linesOf(item);
    if (this.lines !== null) this.scene.add(this.lines);
    this.addLights();
  }

  /** Logged lights, or light from everywhere and from above the eye's right shoulder. */
  private addLights(): void {
    const logged = Array.isArray(this.config.lights) ? (this.config.lights as unknown[]) : [];
    for (const one of logged.slice(0, 8)) {
      const light = (one ?? {}) as Config;
      const color = colorIn(light, "color", "#ffffff");
      // Written for the three.js of TensorBoard, whose lights were not yet divided by pi.
      const intensity = numberIn(light, "intensity", 1) * Math.PI;
      if (light.cls === "AmbientLight") this.scene.add(new AmbientLight(color, intensity));
      else if (light.cls === "DirectionalLight") {
        const made = new DirectionalLight(color, intensity);
        const at = Array.isArray(light.position) ? light.position.map(Number) : [];
        made.position.set(at[0] || 0, at[1] || 1, at[2] || 0);
        this.scene.add(made);
      }
    }
    if (this.scene.children.some((one) => one instanceof Light)) return;
    this.scene.add(new AmbientLight("#ffffff", 1.4));
    const sun = new DirectionalLight("#ffffff", 1.8);
    sun.position.set(0.5, 1, 0.8);
    this.scene.add(sun);
  }

  /** Prepares a look; what has not changed is left as it is. */
  dress(look: Look, ratio: number): Scene {
    const colored = `${look.colorBy} ${look.theme}`;
    if (colored !== this.colored) {
      this.colored = colored;
      this.geometry.setAttribute("color", new BufferAttribute(this.colors(look), 3, true));
    }
    if (this.meshMaterial) this.meshMaterial.wireframe = look.isWireframe;
    if (this.pointsMaterial) {
      const size = look.pointSize ?? this.loggedSize();
      this.pointsMaterial.size = size * ratio;
    }
    return this.scene;
  }

  /** TensorBoard's sizes are in units of the scene; ours are pixels. */
  private loggedSize(): number {
    const size = numberIn(objectIn(this.config, "material"), "size", 0);
    return size >= 1 ? Math.min(20, size) : 3;
  }

  private colors({ colorBy, theme }: Look): Uint8Array {
    const { positions, colors, low, high } = this.item;
    if (colorBy === "logged" && colors !== null) return colors;
    const found = new Uint8Array(positions.length);
    const plain = rgbOf(PLAIN[theme]);
    const span = high[1] - low[1] || 1;
    for (let i = 0; i < positions.length; i += 3) {
      const share = (positions[i + 1]! - low[1]) / span;
      found.set(colorBy === "height" ? rgbOf(rampColor(share)[theme]) : plain, i);
    }
    return found;
  }

  /** The camera that sees the whole mesh from where the orbit is. */
  camera(orbit: Orbit, width: number, height: number): Camera {
    const { right, up, back } = basisOf(orbit);
    const settings = objectIn(this.config, "camera");
    const aspect = width / height;
    const isFlat = settings.cls === "OrthographicCamera";
    const fov = Math.min(120, Math.max(10, numberIn(settings, "fov", 50)));
    const narrow = Math.min(1, aspect);
    const distance = (this.radius * 1.05) / Math.sin((fov * Math.PI) / 360) / narrow / orbit.zoom;
    const half = (this.radius * 1.05) / narrow / orbit.zoom;
    const camera = isFlat
      ? new OrthographicCamera(-half * aspect, half * aspect, half, -half, 0, 1)
      : new PerspectiveCamera(fov, aspect, 1, 1);
    const away = isFlat ? 4 * this.radius : distance;
    camera.near = Math.max(away / 1000, away - 20 * this.radius);
    camera.far = away + 20 * this.radius;
    // A pan of 1 moves by half the smaller side of the picture.
    const unit = (isFlat ? half : distance * Math.tan((fov * Math.PI) / 360)) * narrow;
    const at = [0, 1, 2].map(
      (i) => this.middle[i]! - (right[i]! * orbit.panX + up[i]! * orbit.panY) * unit,
    ) as [number, number, number];
    camera.up.set(...up);
    camera.position.set(at[0] + back[0] * away, at[1] + back[1] * away, at[2] + back[2] * away);
    camera.lookAt(...at);
    camera.updateProjectionMatrix();
    return camera;
  }

  dispose(): void {
    this.geometry.dispose();
    this.meshMaterial?.dispose();
    this.pointsMaterial?.dispose();
    this.lines?.geometry.dispose();
    this.lines?.material.dispose();
  }
}

function linesOf({
  segments,
  segmentColors,
}: MeshItem): LineSegments<BufferGeometry, LineBasicMaterial> | null {
  if (segments === undefined || segmentColors === undefined) return null;
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(segments, 3));
  geometry.setAttribute("color", new BufferAttribute(segmentColors, 3, true));
  return new LineSegments(geometry, new LineBasicMaterial({ vertexColors: true }));
}

/** How far the farthest vertex is from a place. */
function farthest(positions: Float32Array, from: readonly [number, number, number]): number {
  let most = 0;
  for (let i = 0; i < positions.length; i += 3) {
    const [x, y, z] = [
      positions[i]! - from[0],
      positions[i + 1]! - from[1],
      positions[i + 2]! - from[2],
    ];
    most = Math.max(most, x * x + y * y + z * z);
  }
  return Math.sqrt(most);
}

function objectIn(config: Config, name: string): Config {
  const found = config[name];
  return typeof found === "object" && found !== null ? (found as Config) : {};
}

function numberIn(config: Config, name: string, fallback: number): number {
  const found = config[name];
  return typeof found === "number" && Number.isFinite(found) ? found : fallback;
}

function colorIn(config: Config, name: string, fallback: string): Color {
  const found = config[name];
  const isColor = typeof found === "number" || (typeof found === "string" && /^#?\w+$/.test(found));
  return new Color(isColor ? found : fallback);
}

function rgbOf(hex: string): readonly [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

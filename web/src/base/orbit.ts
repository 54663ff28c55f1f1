/** A camera that turns around the middle of what is looked at: shared by meshes and embeddings. */

export interface Orbit {
  /** Around the upright axis, in radians; 0 looks along -z. */
  readonly azimuth: number;
  /** Above the horizon, in radians, at most straight from above or below. */
  readonly elevation: number;
  /** How much larger than to fit. */
  readonly zoom: number;
  /** How far the picture is moved, in units of half its smaller side. */
  readonly panX: number;
  readonly panY: number;
}

export const FRONT: Orbit = { azimuth: 0.6, elevation: 0.4, zoom: 1, panX: 0, panY: 0 };
/** Straight from the front: for what has two dimensions. */
export const FLAT: Orbit = { azimuth: 0, elevation: 0, zoom: 1, panX: 0, panY: 0 };

const STEEPEST = Math.PI / 2 - 0.001;
const LEAST_ZOOM = 0.05;
const MOST_ZOOM = 200;

export function turned(orbit: Orbit, right: number, up: number): Orbit {
  const elevation = Math.min(STEEPEST, Math.max(-STEEPEST, orbit.elevation + up));
  // Kept within one turn, so that equal views are equal numbers.
  const azimuth = (orbit.azimuth + right) % (2 * Math.PI);
  return { ...orbit, azimuth, elevation };
}

/** Zooms; what is at (x, y), in units of half the smaller side from the middle, stays where it is. */
export function zoomed(orbit: Orbit, factor: number, x = 0, y = 0): Orbit {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, orbit.zoom * factor));
  const by = zoom / orbit.zoom;
  return { ...orbit, zoom, panX: x - (x - orbit.panX) * by, panY: y - (y - orbit.panY) * by };
}

export function moved(orbit: Orbit, right: number, up: number): Orbit {
  return { ...orbit, panX: orbit.panX + right, panY: orbit.panY + up };
}

export interface Basis {
  readonly right: readonly [number, number, number];
  readonly up: readonly [number, number, number];
  /** From the middle towards the eye. */
  readonly back: readonly [number, number, number];
}

/** The directions of the picture in the space that is looked at; y is upright there. */
export function basisOf({ azimuth, elevation }: Orbit): Basis {
  const [sa, ca] = [Math.sin(azimuth), Math.cos(azimuth)];
  const [se, ce] = [Math.sin(elevation), Math.cos(elevation)];
  return {
    right: [ca, 0, -sa],
    up: [-sa * se, ce, -ca * se],
    back: [sa * ce, se, ca * ce],
  };
}

/** What an arrow key or +, -, 0 makes of a camera; null for other keys. */
export function pressed(orbit: Orbit, key: string, start: Orbit, isFlat = false): Orbit | null {
  const step = 0.12;
  const arrows: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  const arrow = arrows[key];
  if (arrow !== undefined) {
    return isFlat
      ? moved(orbit, -step * arrow[0], -step * arrow[1])
      : turned(orbit, step * arrow[0], step * arrow[1]);
  }
  if (key === "+" || key === "=") return zoomed(orbit, 1.25);
  if (key === "-") return zoomed(orbit, 0.8);
  return key === "0" ? start : null;
}

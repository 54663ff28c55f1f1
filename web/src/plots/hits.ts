/** What lies at a position of a scene: logged points, groups, the line under a place. */
import { nearestIndex } from "./bands.ts";
import { distanceTo, nearestPoint } from "./nearest.ts";
import type { GroupHit, Hit } from "./plot_types.ts";
import type { Scene } from "./scene.ts";
import { at } from "./series.ts";

/** How near a pointer has to come to a line, in CSS pixels. */
const NEAR_PX = 8;
/** How far beyond its ends a run still answers to hover, in CSS pixels. */
const SLACK_PX = 24;

/** The nearest logged point of each run, sorted by distance from `y` in pixels when that is given. */
export function hitsOf(scene: Scene, x: number, y?: number): Hit[] {
  const { xScale, yScale } = scene;
  const { ratio } = scene.size;
  const { left, top } = scene.area();
  const row = y === undefined ? null : yScale.toPixel(y);
  const slack = SLACK_PX * ratio;
  const near = (series: Parameters<typeof nearestPoint>[0]) =>
    nearestPoint(series, x, xScale, yScale, row, slack);
  const baseline = scene.lines.find((line) => line.role === "baseline");
  const reference = baseline && near(baseline.series);
  const hits: { hit: Hit; away: number }[] = [];
  for (const line of scene.lines) {
    if (line.role === "member") continue;
    const point = line === baseline ? reference : near(line.series);
    if (!point) continue;
    const drawn = point.smoothed ?? point.y;
    const pixel = Number.isFinite(drawn) ? yScale.toPixel(drawn) : Number.NaN;
    const { run, label, color, dash = [] } = line;
    const hit: Hit = {
      ...{ run, label, color, dash, ...point },
      ...(reference && line !== baseline ? { baseline: reference.y } : {}),
      left: (left + xScale.toPixel(point.x)) / ratio,
      top: (top + pixel) / ratio,
    };
    const away = row === null ? 0 : Math.abs(pixel - row);
    hits.push({ hit, away: Number.isNaN(away) ? Number.POSITIVE_INFINITY : away });
  }
  hits.sort((a, b) => (a.away === b.away ? 0 : a.away - b.away));
  return hits.map(({ hit }) => hit);
}

/**
 * What each group has at the position of its grid nearest to `x`, sorted by distance from `y` in pixels when
 * that is given; groups that do not reach there are left out.
 */
export function groupHitsOf(scene: Scene, x: number, y?: number): GroupHit[] {
  const { xScale, yScale } = scene;
  const { ratio } = scene.size;
  const { left, top } = scene.area();
  const pixel = xScale.toPixel(x);
  const hits: GroupHit[] = [];
  for (const { id, series, label, color, dash = [] } of scene.bands) {
    const index = nearestIndex(series, xScale.toPixel, x);
    if (index === null || !(series.n[index]! > 0)) continue;
    const position = at(series.x, index);
    const [first, last] = [at(series.x, 0), at(series.x, series.x.length - 1)];
    const isBeyond = x < first || x > last;
    if (isBeyond && Math.abs(xScale.toPixel(position) - pixel) > SLACK_PX * ratio) continue;
    const center = series.center[index]!;
    hits.push({
      ...{ id, label, color, dash, x: position, center },
      ...{ lo: series.lo[index]!, hi: series.hi[index]!, n: series.n[index]!, runs: series.runs },
      left: (left + xScale.toPixel(position)) / ratio,
      top: (top + yScale.toPixel(center)) / ratio,
    });
  }
  if (y === undefined) return hits;
  const row = (top + yScale.toPixel(y)) / ratio;
  return hits.sort((a, b) => Math.abs(a.top - row) - Math.abs(b.top - row));
}

/** The run, or the id of the group, whose line is within reach of a place in CSS pixels. */
export function lineAt(scene: Scene, left: number, top: number): string | null {
  const area = scene.area();
  const { ratio } = scene.size;
  const x = left * ratio - area.left;
  const row = top * ratio - area.top;
  let best = NEAR_PX * ratio;
  let found: string | null = null;
  for (const { line, trace, isBehind } of scene.strokes) {
    if (isBehind || line.role === "member") continue;
    const away = distanceTo(trace, scene.yScale, x, row, best);
    if (away >= best) continue;
    best = away;
    found = line.run;
  }
  for (const { band, center } of scene.bandStrokes) {
    const away = distanceTo(center, scene.yScale, x, row, best);
    if (away >= best) continue;
    best = away;
    found = band.id;
  }
  return found;
}

/** Spans and moments as text, and the round steps of their axes. Times are in seconds. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** Round steps of a time axis, in seconds; below a second and above 64 days the decimal steps rule. */
export const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 4, 7, 14, 28, 56].map((n) => n * DAY),
];

/** A span to read, in its two largest units: 22.4 µs, 94.5 ms, 0.250 s, 2.30 s, 12 s, 4 m 12 s, 3 h 05 m, 2 d 4 h. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const sign = seconds < 0 ? "-" : "";
  const size = Math.abs(seconds);
  if (size === 0 || size < 1e-6) return `${sign}${Number(size.toPrecision(3))} s`;
  // Always three digits, so that spans below each other in a column can be compared.
  if (size < 9.995e-4) return `${sign}${(size * 1e6).toPrecision(3)} µs`;
  if (size < 0.1) return `${sign}${(size * 1e3).toPrecision(3)} ms`;
  if (size < 10) return `${sign}${size.toPrecision(3)} s`;
  const whole = Math.round(size);
  if (whole < MINUTE) return `${sign}${whole} s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole < HOUR) return `${sign}${Math.floor(whole / MINUTE)} m ${two(whole % MINUTE)} s`;
  if (whole < DAY) {
    return `${sign}${Math.floor(whole / HOUR)} h ${two(Math.floor((whole % HOUR) / MINUTE))} m`;
  }
  return `${sign}${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** A formatter for ticks of a span axis that are `step` seconds apart: 30s, 1m30s, 2h, 1d12h. */
export function durationFormatter(step: number): (seconds: number) => string {
  const decimals = step >= 1 ? 0 : Math.min(12, Math.ceil(-Math.log10(step) - 1e-9));
  return (seconds) => {
    if (Math.abs(seconds) < step * 1e-6) return "0";
    const sign = seconds < 0 ? "-" : "";
    let left = Number(Math.abs(seconds).toFixed(decimals));
    let text = "";
    for (const [size, unit] of [
      [DAY, "d"],
      [HOUR, "h"],
      [MINUTE, "m"],
    ] as const) {
      const count = Math.floor(left / size);
      if (count > 0) text += `${count}${unit}`;
      left -= count * size;
    }
    const rest = Number(left.toFixed(decimals));
    return sign + (rest > 0 || text === "" ? `${text}${rest}s` : text);
  };
}

/**
 * Ticks of a wall-clock axis between two times in seconds since the epoch, on round local times, at
 * most `most` of them, with their labels: the date where the day turns, else the time of day.
 */
export function wallTicks(
  lo: number,
  hi: number,
  most: number,
): { values: number[]; labels: string[]; step: number } {
  const span = hi - lo;
  const step = TIME_STEPS.find((size) => span / size <= most) ?? Math.ceil(span / most / DAY) * DAY;
  const values: number[] = [];
  const labels: string[] = [];
  // Steps count from local midnight, so that they stay round where clocks change and in every zone.
  const midnight = new Date(lo * 1000);
  midnight.setHours(0, 0, 0, 0);
  if (step >= DAY) {
    const days = Math.round(step / DAY);
    const epochDay = Math.floor(
      (midnight.getTime() / 1000 - midnight.getTimezoneOffset() * 60) / DAY,
    );
    midnight.setDate(midnight.getDate() - (((epochDay % days) + days) % days));
    for (let day = midnight; day.getTime() / 1000 <= hi; day.setDate(day.getDate() + days)) {
      const value = day.getTime() / 1000;
      if (value < lo) continue;
      values.push(value);
      labels.push(dateLabel(day));
    }
    return { values, labels, step };
  }
  const base = midnight.getTime() / 1000;
  for (let index = Math.ceil((lo - base) / step); base + index * step <= hi; index++) {
    const value = base + index * step;
    const moment = new Date(value * 1000);
    const newDay =
      moment.getHours() === 0 && moment.getMinutes() === 0 && moment.getSeconds() === 0;
    values.push(value);
    labels.push(newDay ? dateLabel(moment) : clockLabel(moment, step));
  }
  return { values, labels, step };
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function dateLabel(moment: Date): string {
  return `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
}

function clockLabel(moment: Date, step: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  return step < MINUTE ? `${minutes}:${two(moment.getSeconds())}` : minutes;
}

/** A moment to read, in local time: 2026-11-22 13:05:09. */
export function formatMoment(seconds: number): string {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return "–";
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${clockLabel(moment, 1)}`;
}

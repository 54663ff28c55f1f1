/** Numbers of bytes as text. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** 0 B, 812 B, 1.42 kB, 38.1 MB: three digits, units of 1000. */
export function formatSize(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

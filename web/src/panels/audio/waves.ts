/** Pictures of sounds: how far the samples swing, and which frequencies are in them. */

/** The smallest and the largest sample of each of `columns` even parts: min, max, min, max, ... */
export function swings(samples: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(2 * columns);
  for (let i = 0; i < columns; i++) {
    const from = Math.floor((i * samples.length) / columns);
    const to = Math.max(from + 1, Math.floor(((i + 1) * samples.length) / columns));
    let [low, high] = [Infinity, -Infinity];
    for (let j = from; j < to && j < samples.length; j++) {
      const value = samples[j]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    out[2 * i] = low === Infinity ? 0 : low;
    out[2 * i + 1] = high === -Infinity ? 0 : high;
  }
  return out;
}

/** Samples that are looked at together for a spectrum. */
export const WINDOW = 512;
export const BANDS = WINDOW / 2;

/**
 * The strength of each frequency in `columns` even places, in decibels below the strongest, column by
 * column; band j is around j * rate / WINDOW hertz.
 */
export function spectrum(samples: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(columns * BANDS);
  const [real, imaginary] = [new Float64Array(WINDOW), new Float64Array(WINDOW)];
  let most = 1e-12;
  for (let i = 0; i < columns; i++) {
    const middle = ((i + 0.5) * samples.length) / columns;
    const from = Math.round(middle - WINDOW / 2);
    for (let j = 0; j < WINDOW; j++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (j + 0.5)) / WINDOW);
      real[j] = hann * (samples[from + j] ?? 0);
      imaginary[j] = 0;
    }
    transform(real, imaginary);
    for (let j = 0; j < BANDS; j++) {
      const power = real[j]! ** 2 + imaginary[j]! ** 2;
      out[i * BANDS + j] = power;
      if (power > most) most = power;
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = 10 * Math.log10(Math.max(out[i]!, 1e-12) / most);
  return out;
}

/** The discrete Fourier transform in place; the length is a power of two. */
export function transform(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      for (let start = k; start < n; start += size) {
        const other = start + half;
        const re = real[other]! * cos - imaginary[other]! * sin;
        const im = real[other]! * sin + imaginary[other]! * cos;
        real[other] = real[start]! - re;
        imaginary[other] = imaginary[start]! - im;
        real[start] = real[start]! + re;
        imaginary[start] = imaginary[start]! + im;
      }
    }
  }
}

import { describe, expect, it } from "vitest";
import { clockText, soundsIn } from "./audio_value.ts";
import { BANDS, spectrum, swings, transform, WINDOW } from "./waves.ts";

describe("soundsIn", () => {
  const sound = { _type: "audio", url: "/api/v1/blobs/x", rate: 8000, frames: 4000, channels: 1 };

  it("finds one or several, and how long they are", () => {
    expect(soundsIn(sound)[0]).toMatchObject({ rate: 8000, duration: 0.5 });
    expect(soundsIn({ _type: "audios", items: [sound, 3, sound] })).toHaveLength(2);
    expect(soundsIn({ ...sound, rate: 1, frames: 10 })[0]).toMatchObject({
      rate: 3000,
      duration: 10,
    });
    for (const value of [null, "x", { _type: "image", url: "" }, { _type: "audio" }]) {
      expect(soundsIn(value)).toEqual([]);
    }
  });

  it("writes moments", () => {
    expect([0, 7.42, 59.9, 60, 723].map(clockText)).toEqual([
      "0:00.0",
      "0:07.4",
      "0:59.9",
      "1:00",
      "12:03",
    ]);
  });
});

describe("swings", () => {
  it("keeps the one sample that stands out", () => {
    const samples = new Float32Array(10_000);
    samples[5_017] = 0.9;
    samples[5_018] = -0.4;
    const found = swings(samples, 100);
    expect(found).toHaveLength(200);
    expect(found[101]).toBeCloseTo(0.9);
    expect(found[100]).toBeCloseTo(-0.4);
    expect(found.filter((value) => value !== 0)).toHaveLength(2);
  });

  it("shows fewer samples than columns", () => {
    expect([...swings(new Float32Array([1, -1]), 4)]).toEqual([1, 1, 1, 1, -1, -1, -1, -1]);
    expect([...swings(new Float32Array(0), 1)]).toEqual([0, 0]);
  });
});

describe("spectrum", () => {
  it("is the Fourier transform", () => {
    const n = 16;
    const wave = Array.from({ length: n }, (_, i) => Math.sin(i * i));
    const [real, imaginary] = [Float64Array.from(wave), new Float64Array(n)];
    transform(real, imaginary);
    for (let k = 0; k < n; k++) {
      let [re, im] = [0, 0];
      wave.forEach((value, i) => {
        re += value * Math.cos((2 * Math.PI * i * k) / n);
        im -= value * Math.sin((2 * Math.PI * i * k) / n);
      });
      expect(real[k]).toBeCloseTo(re, 10);
      expect(imaginary[k]).toBeCloseTo(im, 10);
    }
  });

  it("is strongest at the frequency of a tone", () => {
    const samples = Float32Array.from({ length: 8000 }, (_, i) => Math.sin((2 * Math.PI * i) / 8));
    const found = spectrum(samples, 3);
    for (let column = 0; column < 3; column++) {
      const bands = [...found.slice(column * BANDS, (column + 1) * BANDS)];
      expect(bands.indexOf(Math.max(...bands))).toBe(WINDOW / 8);
      expect(Math.max(...bands)).toBeLessThan(1e-6);
      expect(bands[10]).toBeLessThan(-60);
    }
  });
});

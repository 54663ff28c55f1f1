/** Numbers as text: tick labels, values to read, values to copy. */

const UNITS: readonly [number, string][] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];

function special(value: number): string | null {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "∞";
  return value === Number.NEGATIVE_INFINITY ? "-∞" : null;
}

/** Removes the zeros that say nothing: 1.50e-7 -> 1.5e-7, 2.0 -> 2. */
function trim(text: string): string {
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

function scientific(value: number, digits: number): string {
  return trim(value.toExponential(digits)).replace("e+", "e");
}

/** Decimals at which multiples of `step` are told apart: 0.25 -> 2, 0.5 -> 1, 20 -> 0. */
export function decimalsOf(step: number): number {
  if (!(step > 0) || step >= 1e15) return 0;
  for (let decimals = 0; decimals < 20; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled && scaled > 0.5) return decimals;
  }
  return 20;
}

/**
 * A formatter for ticks `step` apart of which `reach` is the largest in size: one unit and one number of
 * decimals for the whole axis (0.00, 0.25, 0.50; 0, 10k, 20k; 1.5M).
 */
export function tickFormatter(step: number, reach: number): (value: number) => string {
  const [unit, suffix] = UNITS.find(([size]) => reach >= size && reach >= 1e4) ?? [1, ""];
  if (reach >= 1e15 || (reach > 0 && reach < 1e-3)) {
    const power = Math.floor(Math.log10(step) + 1e-9);
    return (value) => {
      if (Math.abs(value) < step * 1e-6) return "0";
      const digits = Math.floor(Math.log10(Math.abs(value)) + 1e-9) - power + 1;
      return scientific(value, Math.min(Math.max(digits, 0), 17));
    };
  }
  const decimals = decimalsOf(step / unit);
  if (decimals > 3 && unit > 1) {
    // 1.00000005M says less than 1000000.05.
    const plain = decimalsOf(step);
    return (value) => value.toFixed(plain);
  }
  return (value) => {
    if (Math.abs(value) < step * 1e-6) return suffix ? "0" : (0).toFixed(decimals);
    return (value / unit).toFixed(decimals) + suffix;
  };
}

/** A label for one number on a logarithmic axis: 1e-5, 0.001, 0.5, 100, 10k. */
export function formatPower(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return scientific(value, 1);
  const [unit, suffix] = UNITS.find(([big]) => size >= big && size >= 1e4) ?? [1, ""];
  // Through a number again, because toPrecision turns 1000 into 1.00e+3.
  return String(Number((value / unit).toPrecision(3))) + suffix;
}

/**
 * A value to read: whole numbers below a million as they are, everything else with four significant
 * digits, in thousands or as a power of ten where that is shorter.
 */
export function formatValue(value: number): string {
  const text = special(value);
  if (text !== null) return text;
  const size = Math.abs(value);
  if (size < 1e6 && Number.isInteger(value)) return groupDigits(value);
  if (size < 1e-3 || size >= 1e15) return scientific(value, 3);
  const rounded = Math.abs(Number(value.toPrecision(4)));
  if (rounded >= 1e15) return scientific(value, 3);
  if (rounded >= 1e6) {
    const [unit, suffix] = UNITS.find(([big]) => rounded >= big)!;
    return (value / unit).toPrecision(4) + suffix;
  }
  if (rounded >= 1e4) return groupDigits(Math.round(value));
  return value.toPrecision(4);
}

/** Longest number that is taken for one that a person wrote. */
const WRITTEN_LENGTH = 6;

/** A value that a person may have written: 0.005 stays so; measured ones get four digits. */
export function formatWritten(value: number): string {
  const written = String(value);
  return written.length <= WRITTEN_LENGTH ? written : formatValue(value);
}

/** A value to read in a narrow place: with as many of its four digits as fit, and two at least. */
export function formatNarrow(value: number, most: number): string {
  let text = formatValue(value);
  for (let digits = 3; text.length > most && digits >= 2 && Math.abs(value) < 1; digits--) {
    const isTiny = Math.abs(value) < 1e-3;
    text = isTiny ? scientific(value, digits - 1) : value.toPrecision(digits);
  }
  return text;
}

/** The shortest text that reads back as the same float64. */
export function formatExact(value: number): string {
  return special(value) ?? (Object.is(value, -0) ? "-0" : String(value));
}

/** 23600 -> 23,600; decimals are kept as they are. */
export function groupDigits(value: number): string {
  const [whole, fraction] = String(value === 0 ? 0 : value).split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

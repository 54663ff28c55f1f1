/** Tensor values (docs/reference/media.md), as far as they can be believed, and their numbers. */
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";

export interface TensorValue {
  /** As people call it: float32, bfloat16, complex64. */
  kind: string;
  /** Of complex numbers the last dimension has their two parts. */
  shape: readonly number[];
  /** Where the bytes are, and what they are; null: they stand in the value, or nowhere. */
  source: { url: string; dtype: string } | null;
  packed: string | null;
  /** Of the finite values, where they are known. */
  min: number | null;
  max: number | null;
}

type Numbers =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

/** The elements of a tensor, row after row. */
export interface Elements {
  /** How numpy calls the type of `numbers`. */
  readonly dtype: string;
  readonly numbers: Numbers;
}

const ARRAYS: Readonly<Record<string, new (bytes: ArrayBuffer) => Numbers>> = {
  "<f8": Float64Array,
  "<f4": Float32Array,
  "<i8": BigInt64Array,
  "<i4": Int32Array,
  "<i2": Int16Array,
  "|i1": Int8Array,
  "<u8": BigUint64Array,
  "<u4": Uint32Array,
  "<u2": Uint16Array,
  "|u1": Uint8Array,
  "|b1": Uint8Array,
};

const NAMES: Readonly<Record<string, string>> = {
  "<f8": "float64",
  "<f4": "float32",
  "<f2": "float16",
  "<i8": "int64",
  "<i4": "int32",
  "<i2": "int16",
  "|i1": "int8",
  "<u8": "uint64",
  "<u4": "uint32",
  "<u2": "uint16",
  "|u1": "uint8",
  "|b1": "bool",
};

/** What values have that are called so; a narrower type may stand for it. */
const TYPES = new Map([
  ...Object.entries(NAMES).map(([dtype, name]) => [name, dtype] as const),
  ["float16", "<f4"],
  ["bfloat16", "<f4"],
  ["complex64", "<f4"],
  ["complex128", "<f8"],
]);

/** Bytes of a tensor that a page reads. */
export const MOST_BYTES = 128_000_000;

export function tensorIn(value: unknown): TensorValue | null {
  if (typeof value !== "object" || value === null) return null;
  const { _type, dtype, shape, url, data, min, max } = value as Record<string, unknown>;
  if (_type !== "tensor" || typeof dtype !== "string" || !Array.isArray(shape)) return null;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return null;
  return {
    kind: NAMES[dtype] ?? dtype.slice(0, 40),
    shape: shape as number[],
    source: typeof url === "string" ? { url, dtype } : null,
    packed: typeof data === "string" ? data : null,
    min: typeof min === "number" ? min : null,
    max: typeof max === "number" ? max : null,
  };
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

const kept = new Map<string, Promise<Elements>>();
const MOST_KEPT = 12;

/** The numbers of a tensor. Raises Error with a sentence where there are none, or too many to be shown. */
export function elementsOf(value: TensorValue): Promise<Elements> {
  const { source, packed } = value;
  if (packed !== null) return Promise.resolve().then(() => unpackElements(value, packed));
  if (source === null) return Promise.reject(new Error("The values of this tensor are not kept."));
  let found = kept.get(source.url);
  if (found === undefined) {
    const url = source.url;
    found = load(value, source);
    found.catch(() => kept.delete(url));
    kept.set(url, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  }
  return found;
}

async function load(value: TensorValue, source: { url: string; dtype: string }): Promise<Elements> {
  const Kind = ARRAYS[source.dtype];
  if (Kind === undefined) {
    throw new Error(`Values of type ${value.kind} cannot be shown, only saved.`);
  }
  if (countOf(value.shape) * bytesIn(source.dtype) > MOST_BYTES) {
    throw new Error("This tensor is too large to be shown in a browser; it can be saved.");
  }
  return checked(value, source.dtype, new Kind(await getBytes(mediaUrl(source))));
}

/** Packed arrays have five types, of which a float64 may come as a narrower one: it gets its own back. */
function unpackElements(value: TensorValue, packed: string): Elements {
  const cut = packed.indexOf(":");
  const dtype = packed.slice(0, cut);
  const Kind = ARRAYS[dtype];
  if (Kind === undefined) throw new Error("The values of this tensor cannot be read.");
  const bytes = Uint8Array.from(atob(packed.slice(cut + 1)), (one) => one.charCodeAt(0));
  const numbers = new Kind(bytes.buffer);
  const wanted = TYPES.get(value.kind);
  if (wanted === undefined || wanted === dtype) {
    return checked(value, dtype, numbers);
  }
  return checked(value, wanted, converted(numbers, wanted));
}

function converted(numbers: Numbers, dtype: string): Numbers {
  const Kind = ARRAYS[dtype]!;
  const made = new Kind(new ArrayBuffer(numbers.length * bytesIn(dtype)));
  const isBig = made instanceof BigInt64Array || made instanceof BigUint64Array;
  for (let i = 0; i < numbers.length; i++) {
    (made as { [at: number]: number | bigint })[i] = isBig
      ? BigInt(numbers[i]!)
      : Number(numbers[i]);
  }
  return made;
}

function checked(value: TensorValue, dtype: string, numbers: Numbers): Elements {
  if (numbers.length !== countOf(value.shape)) {
    throw new Error(
      `A tensor of shape [${value.shape.join(", ")}] cannot have ${numbers.length} values.`,
    );
  }
  return { dtype, numbers };
}

function bytesIn(dtype: string): number {
  return Number(dtype.slice(2)) || 1;
}

/** A value as it was logged: of a float32 the fewest digits that read back as it. */
export function elementText({ dtype, numbers }: Elements, at: number): string {
  const value = numbers[at]!;
  if (dtype === "|b1") return value ? "true" : "false";
  if (dtype !== "<f4" || typeof value === "bigint" || !Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

export interface Statistics {
  min: number;
  max: number;
  mean: number;
  /** Of the whole set of values, not of a sample. */
  std: number;
  zeros: number;
  /** NaN and infinities, which are in none of the above. */
  odd: number;
}

/** Of the finite values; NaN where there are none. */
export function statisticsOf(numbers: Numbers): Statistics {
  let [min, max, mean, squares, zeros, odd, count] = [Infinity, -Infinity, 0, 0, 0, 0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const value = Number(numbers[i]);
    if (!Number.isFinite(value)) {
      odd++;
      continue;
    }
    count++;
    if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
    // Welford: no difference of large sums.
    const before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  if (count === 0) return { min: NaN, max: NaN, mean: NaN, std: NaN, zeros, odd };
  return { min, max, mean, std: Math.sqrt(squares / count), zeros, odd };
}

/** One matrix of a tensor: its last two dimensions, at a place of those before them. */
export interface Slice {
  rows: number;
  columns: number;
  /** Place of its first value among all. */
  start: number;
}

/** The places of the leading dimensions as the address has them ("0,3"), each within its dimension. */
export function leadingOf(shape: readonly number[], text: string | undefined): number[] {
  const asked = (text ?? "").split(",").map(Number);
  return shape.slice(0, -2).map((size, i) => {
    const at = asked[i];
    return at !== undefined && Number.isInteger(at) ? Math.max(0, Math.min(at, size - 1)) : 0;
  });
}

export function sliceOf(shape: readonly number[], leading: readonly number[]): Slice {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  let place = 0;
  leading.forEach((at, i) => {
    place = place * shape[i]! + at;
  });
  return { rows, columns, start: place * rows * columns };
}

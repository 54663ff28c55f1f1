/** How a file is shown, by its name. */

export type FileKind =
  | "image"
  | "audio"
  | "video"
  | "csv"
  | "table"
  | "json"
  | "onnx"
  | "patch"
  | "text";

const KINDS: Readonly<Record<string, FileKind>> = {
  ...kindOfAll("image", "png jpg jpeg gif webp bmp svg"),
  ...kindOfAll("audio", "wav mp3 ogg oga flac"),
  ...kindOfAll("video", "mp4 webm m4v"),
  ...kindOfAll("csv", "csv tsv"),
  ...kindOfAll("json", "json ipynb geojson"),
  ...kindOfAll("onnx", "onnx"),
  ...kindOfAll("patch", "patch diff"),
};

function kindOfAll(kind: FileKind, endings: string): Record<string, FileKind> {
  return Object.fromEntries(endings.split(" ").map((ending) => [ending, kind]));
}

/** "png" of "a/b.PNG"; "" without one. */
export function endingOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** What no other kind fits is text, until its bytes say that it is not. */
export function kindOf(name: string): FileKind {
  if (/\.table\.json$/i.test(name)) return "table";
  return KINDS[endingOf(name)] ?? "text";
}

const SNIFFED = 8192;

/** Whether bytes are text, by their beginning: text has no NUL, and few bytes that are no UTF-8. */
export function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, SNIFFED);
  if (head.includes(0)) return false;
  const text = new TextDecoder().decode(head);
  const broken = text.split("\ufffd").length - 1;
  return broken <= 1 || broken < head.length / 50;
}

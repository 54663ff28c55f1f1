/** Config and summary as trees, and what of them contains a text. */
import type { Json } from "../../data/wire.ts";

/** `{"a.b": 1}` as `{a: {b: 1}}`; names that clash stay as they are. */
export function nested(flat: Record<string, Json>): Record<string, Json> {
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(flat)) {
    const parts = name.split(".");
    let at: Record<string, Json> = out;
    for (const part of parts.slice(0, -1)) {
      const inner = at[part];
      if (inner === undefined) at[part] = {};
      else if (typeof inner !== "object" || inner === null || Array.isArray(inner)) {
        at = out;
        parts.splice(0, parts.length, name);
        break;
      }
      at = at[part] as Record<string, Json>;
    }
    at[parts.at(-1)!] = value;
  }
  return out;
}

/** The leaves whose path contains the text. */
export function matching(
  tree: Record<string, Json>,
  text: string,
  above = "",
): Record<string, Json> {
  const needle = text.trim().toLowerCase();
  if (needle === "") return tree;
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(tree)) {
    const path = `${above}${name}`;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      const inner = matching(value, text, `${path}.`);
      if (Object.keys(inner).length > 0) out[name] = inner;
    } else if (path.toLowerCase().includes(needle)) out[name] = value;
  }
  return out;
}

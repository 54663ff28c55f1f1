/** Specifications of charts as the wandb client keeps them: with places for the columns of a table. */

/**
 * A specification with its `${field:x}` and `${string:title}` filled in. Throws Error with a sentence for a text
 * that is no JSON object.
 */
export function fillIn(
  text: string,
  fields: Readonly<Record<string, string>>,
  strings: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const filled = text.replace(
    /\$\{(field|string|history-table|history|summary):([^}:]+)(?::[^}]*)?\}/g,
    (whole, kind, name) => {
      const value =
        kind === "string" ? strings[name] : kind === "field" ? (fields[name] ?? name) : undefined;
      // Inside a text of the JSON: what stands for it is written as such.
      return value === undefined
        ? kind === "string"
          ? ""
          : whole
        : JSON.stringify(value).slice(1, -1);
    },
  );
  let found: unknown;
  try {
    found = JSON.parse(filled);
  } catch (error) {
    throw new Error(`This specification is no JSON: ${(error as Error).message}.`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new Error("A specification is a JSON object.");
  }
  return found as Record<string, unknown>;
}

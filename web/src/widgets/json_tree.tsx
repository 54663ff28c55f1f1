/** A nested document as an indented list of names and values. */
import type { JSX } from "preact";
import { formatValue } from "../base/numbers.ts";

export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

function isLeaf(value: Value): boolean {
  if (value === null || typeof value !== "object") return true;
  const parts = Object.values(value);
  return parts.length === 0 || (Array.isArray(value) && parts.every((one) => isPlain(one)));
}

function isPlain(value: Value | undefined): boolean {
  return value === null || typeof value !== "object";
}

function spell(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A leaf to read: numbers with few digits; all of them are in its title. */
export function shortened(value: Value): string {
  return typeof value === "number" ? formatValue(value) : spell(value);
}

interface JsonTreeProps {
  value: { [name: string]: Value };
  /** How a leaf is written; numbers are written as they are by default. */
  format?: (value: Value) => string;
}

export function JsonTree({ value, format = spell }: JsonTreeProps): JSX.Element {
  return (
    <dl class="tree">
      {Object.entries(value).map(([name, inner]) =>
        isLeaf(inner) ? (
          <div class="leaf" key={name}>
            <dt title={name}>{name}</dt>
            <dd title={spell(inner)}>{format(inner)}</dd>
          </div>
        ) : (
          <div class="branch" key={name}>
            <dt>
              <details open>
                <summary>{name}</summary>
                <JsonTree value={inner as { [name: string]: Value }} format={format} />
              </details>
            </dt>
          </div>
        ),
      )}
    </dl>
  );
}

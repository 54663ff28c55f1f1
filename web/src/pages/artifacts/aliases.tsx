/** The aliases of a version, as small labels. */
import type { JSX } from "preact";

export function Aliases({ names }: { names: readonly string[] }): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <span class="aliases">
      {names.map((name) => (
        <span key={name} class="alias">
          {name}
        </span>
      ))}
    </span>
  );
}

/** Lines in the address: `#L120`. */

/** The line that the address names, from 0; null for none. */
export function lineOfAddress(): number | null {
  const found = /^#L(\d{1,9})$/.exec(location.hash);
  return found ? Math.max(0, Number(found[1]) - 1) : null;
}

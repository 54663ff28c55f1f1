/**
 * Small texts that are kept on this device.
 *
 * A browser may keep nothing, and a page in a frame of another site (a notebook, a report) is often refused even the
 * question: what was kept is then not there, and what is chosen holds until the page is closed.
 */

/** The text kept under a name; null: none, or none that can be had. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text under a name where that is possible; null: keeps none. */
export function keep(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    // Refused, or full.
  }
}

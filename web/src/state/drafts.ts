/**
 * The view of each project as this browser's reader left it: opening the project goes on from there.
 *
 * A draft is what the reader changed last. A link that says a view is shown as it says, and becomes
 * the draft only when something is changed in it.
 */

import { keep, kept } from "../base/kept.ts";
import { MARK_DEFAULT } from "./long_query.ts";

export interface Draft {
  /** Id of the saved view that it is a change of; null: of none. */
  view: string | null;
  /** Query of the address; "" for the default view, or for the saved view as it was saved. */
  query: string;
}

const PREFIX = "epochal.draft.";
/** Views beyond this would fill the browser's few megabytes of storage. */
const LONGEST = 100_000;

function nameOf(project: string): string {
  return PREFIX + project;
}

export function readDraft(project: string): Draft | null {
  const text = kept(nameOf(project));
  return text === null ? null : parseDraft(text);
}

/** The draft in a stored text; null: none that can be read. */
export function parseDraft(text: string): Draft | null {
  try {
    const { view, query } = JSON.parse(text) as Partial<Draft>;
    if (typeof query !== "string" || (query !== "" && !query.startsWith("?"))) return null;
    return { view: typeof view === "string" && view !== "" ? view : null, query };
  } catch {
    return null;
  }
}

export function saveDraft(project: string, draft: Draft): void {
  const isDefault = draft.view === null && (draft.query === "" || draft.query === MARK_DEFAULT);
  const isKept = !isDefault && draft.query.length <= LONGEST;
  keep(nameOf(project), isKept ? JSON.stringify(draft) : null);
}

/**
 * Queries that are too long for an address: the server keeps the text, the address its hash (`v=`).
 *
 * `v=default` stands for the default view where an empty query would mean something else: the
 * reader's draft, or the saved view of the address.
 */
import { readStoredQuery, storeQuery } from "../data/view_routes.ts";

/** Characters of a query that mail programs and chats still take as one link. */
export const LONGEST_QUERY = 1800;
export const MARK_DEFAULT = "?v=default";
const REMEMBERED = 200;

/** Queries by hash, both ways, as far as this page has met them. */
const textOf = new Map<string, string>();
const hashOf = new Map<string, string>();

function remember(hash: string, query: string): void {
  if (textOf.size >= REMEMBERED) {
    const [oldest, text] = textOf.entries().next().value!;
    textOf.delete(oldest);
    hashOf.delete(text);
  }
  textOf.set(hash, query);
  hashOf.set(query, hash);
}

/** The hash in a query; null: it says its view itself. */
export function markedHash(query: string): string | null {
  return /^\?(?:.*&)?v=([^&]+)/.exec(query)?.[1] ?? null;
}

/** The query that `query` stands for; undefined: the server has to be asked (`expandQuery`). */
export function knownQuery(query: string): string | undefined {
  const hash = markedHash(query);
  if (hash === null) return query;
  return query === MARK_DEFAULT ? "" : textOf.get(hash);
}

/** Raises RequestError when the server does not keep the query. */
export async function expandQuery(query: string): Promise<string> {
  const hash = markedHash(query)!;
  const text = await readStoredQuery(hash);
  const expanded = text === "" || text.startsWith("?") ? text : `?${text}`;
  remember(hash, expanded);
  return expanded;
}

/** The query as the address says it: itself, or its hash when it is long and the server keeps it. */
export function shortQuery(query: string): string {
  if (query.length <= LONGEST_QUERY) return query;
  const hash = hashOf.get(query);
  return hash === undefined ? query : `?v=${hash}`;
}

/** Has the server keep a long query; a short one needs no keeping. */
export async function keepQuery(query: string): Promise<void> {
  if (query.length <= LONGEST_QUERY || hashOf.has(query)) return;
  remember(await storeQuery(query.slice(1)), query);
}

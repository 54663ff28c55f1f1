/** The only module that talks to the server. Every address is relative to the page's base. */
import { isInPage, takeAnswer } from "./page_answers.ts";

/** An answer with an error status, or none at all (status 0: the server cannot be reached). */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What else the server says of it, such as where in a filter the fault is. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "RequestError";
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The absolute address of `path` (no leading slash) under the server's base path. */
export function address(path: string, query: Query = {}): string {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") {
      url.searchParams.set(name, String(value));
    }
  }
  return url.href;
}

let asked = 0;

/** Whether an answer of the server has not begun to come yet. */
export function isAsking(): boolean {
  return asked > 0;
}

async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  asked += 1;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new RequestError(
      0,
      "unreachable",
      "The server does not answer. Is `epochal up` still running?",
    );
  } finally {
    asked -= 1;
  }
  if (response.ok) return response;
  const { code, message, details } = await errorOf(response);
  throw new RequestError(response.status, code, message, details);
}

interface ErrorBody {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

async function errorOf(response: Response): Promise<ErrorBody> {
  const fallback = {
    details: {},
    code: `http_${response.status}`,
    message: `The server answered ${response.status} ${response.statusText}.`,
  };
  try {
    const body = (await response.json()) as { error?: Partial<ErrorBody> };
    return { ...fallback, ...body.error };
  } catch {
    return fallback;
  }
}

export async function getJson<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  const url = address(path, query);
  if (isInPage(url)) {
    const answer = await takeAnswer(url);
    signal?.throwIfAborted();
    if (answer !== undefined) return answer as T;
  }
  const response = await request(url, signal ? { signal } : {});
  return (await response.json()) as T;
}

export async function sendJson<T>(
  method: "POST" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const init: RequestInit = { method };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  return (await (await request(address(path), init)).json()) as T;
}

/** Whether the server would answer an address with what it names; nothing is transferred. */
export async function canGet(url: string): Promise<boolean> {
  try {
    await request(url, { method: "HEAD" });
    return true;
  } catch {
    return false;
  }
}

/** The bytes of a binary answer to a JSON question. */
export async function postForBytes(
  path: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<ArrayBuffer> {
  const init: RequestInit = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  if (signal) init.signal = signal;
  return await (await request(address(path), init)).arrayBuffer();
}

/** The lines of an answer to a JSON question, each as soon as it is there. Aborting ends the answer. */
export async function* postForLines(
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const init: RequestInit = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
    signal,
  };
  const reader = (await request(address(path), init)).body!.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    yield* lines.filter(Boolean);
    if (done) break;
  }
  if (rest) yield rest;
}

/** The bytes at an address; at most so many of its first ones. */
export async function getBytes(
  url: string,
  signal?: AbortSignal,
  most?: number,
): Promise<ArrayBuffer> {
  const init: RequestInit = signal ? { signal } : {};
  if (most !== undefined) init.headers = { range: `bytes=0-${most - 1}` };
  return await (await request(url, init)).arrayBuffer();
}

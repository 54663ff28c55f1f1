/** The routes of what a run keeps beside its rows: files, console lines, alerts, the wish that it stops. */
import { address, getBytes, getJson, sendJson } from "./client.ts";

export interface Alert {
  title: string;
  text: string;
  level: string;
  time: number;
}

/** What a run has: how much of each, so that a page knows what there is to show. */
export interface Contents {
  /** Of the console. */
  lines: number;
  files: number;
  /** How many of the files are sources and changes. */
  code: number;
  /** Versions of artifacts that it logged or used. */
  artifacts: number;
  /** The names of its system metrics. */
  system: string[];
  alerts: Alert[];
  /** Whether its script can be stopped from here, or has been asked to. */
  stop: "none" | "possible" | "asked";
}

export interface RunFile {
  name: string;
  sha256: string;
  size: number;
  type: string | null;
  updated: number;
}

export interface OutputLine {
  /** Its number, from 0. */
  n: number;
  level: "info" | "error";
  /** When it was printed; null where that is not known. */
  time: number | null;
  text: string;
  label: string;
}

export interface Output {
  total: number;
  lines: OutputLine[];
}

/** Numbers of lines, as ranges [first, last + 1] in their order. */
export interface Matches {
  total: number;
  matched: number;
  ranges: [number, number][];
  left_off: number;
}

function path(uid: string, rest: string): string {
  return `api/v1/runs/${encodeURIComponent(uid)}/${rest}`;
}

export function getContents(uid: string, signal?: AbortSignal): Promise<Contents> {
  return getJson(path(uid, "contents"), {}, signal);
}

export async function getFiles(uid: string, signal?: AbortSignal): Promise<RunFile[]> {
  return (await getJson<{ files: RunFile[] }>(path(uid, "files"), {}, signal)).files;
}

export function getOutput(
  uid: string,
  start: number,
  stop: number,
  signal?: AbortSignal,
): Promise<Output> {
  return getJson(path(uid, "output"), { start, stop }, signal);
}

export function getMatches(
  uid: string,
  query: { find?: string; level?: "error" },
  signal?: AbortSignal,
): Promise<Matches> {
  return getJson(path(uid, "output/matches"), query, signal);
}

/** Where the whole console is as a text file. */
export function outputHref(uid: string): string {
  return address(path(uid, "output.txt"));
}

/** Where a file is downloaded from, under its name. */
export function fileHref(uid: string, name: string): string {
  return address(path(uid, `files/${name.split("/").map(encodeURIComponent).join("/")}`));
}

/** Where the bytes of a file are, which never change. */
export function bytesHref({ sha256 }: RunFile): string {
  return address(`api/v1/blobs/${sha256}`);
}

/** The bytes of a file, at most so many of its first ones. */
export function getFile(file: RunFile, signal?: AbortSignal, most?: number): Promise<ArrayBuffer> {
  if (file.size === 0) return Promise.resolve(new ArrayBuffer(0));
  return getBytes(bytesHref(file), signal, most);
}

/** A version of an artifact that a run logged or used. */
export interface RunArtifact {
  type: string;
  name: string;
  version: string;
  aliases: string[];
  size: number;
  created: number;
  entity: string;
  project: string;
}

export function getRunArtifacts(
  uid: string,
  signal?: AbortSignal,
): Promise<{ logged: RunArtifact[]; used: RunArtifact[] }> {
  return getJson(path(uid, "artifacts"), {}, signal);
}

export function askToStop(uid: string): Promise<{ stop: "asked" }> {
  return sendJson("POST", path(uid, "stop"));
}

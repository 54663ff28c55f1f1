/** Artifacts (docs/reference/http.md, "Artifacts"): collections, their versions, files, and where they come from. */
import { projectPath } from "./api.ts";
import { address, getJson } from "./client.ts";
import type { RunFile } from "./run_files.ts";
import type { Json } from "./wire.ts";

export interface ArtifactRun {
  uid: string;
  id: string;
  name: string;
  entity: string;
  project: string;
  state: string;
}

export interface Collection {
  type: string;
  name: string;
  /** Versions that runs logged, or versions that were linked. */
  kind: "sequence" | "portfolio";
  description: string | null;
  tags: string[];
  versions: number;
  /** Null: it has none yet, or none any more. */
  latest: string | null;
  aliases: string[];
  size: number;
  total: number;
  created: number;
  updated: number;
}

export interface ArtifactSource {
  entity: string;
  project: string;
  name: string;
  version: string;
}

export interface Version {
  version: string;
  aliases: string[];
  tags: string[];
  size: number;
  files: number;
  digest: string;
  created: number;
  run: ArtifactRun | null;
  source: ArtifactSource | null;
}

export interface Versions {
  type: string;
  name: string;
  kind: "sequence" | "portfolio";
  description: string | null;
  tags: string[];
  created: number;
  updated: number;
  /** Newest first. */
  versions: Version[];
}

export interface ArtifactFile {
  path: string;
  size: number;
  digest: string;
  /** Null: its bytes are elsewhere, at `ref`. */
  sha256: string | null;
  ref: string | null;
}

export interface Artifact {
  type: string;
  name: string;
  kind: "sequence" | "portfolio";
  version: string;
  aliases: string[];
  tags: string[];
  description: string | null;
  metadata: Json;
  /** In seconds; null: it is kept for ever. */
  ttl: number | null;
  size: number;
  digest: string;
  created: number;
  updated: number;
  history_step: number | null;
  files: ArtifactFile[];
  files_total: number;
  files_next: number | null;
  logged_by: ArtifactRun | null;
  used_by: ArtifactRun[];
  source: ArtifactSource | null;
  linked: ArtifactSource[];
}

export interface LineageNode {
  id: string;
  kind: "artifact" | "run";
  label: string;
  entity: string;
  project: string;
  type?: string;
  name?: string;
  version?: string;
  run?: string;
  state?: string;
}

export interface Lineage {
  nodes: LineageNode[];
  /** From what came first. */
  edges: [string, string][];
  complete: boolean;
}

export interface ArtifactPlace {
  entity: string;
  project: string;
  type: string;
  name: string;
}

const part = encodeURIComponent;

function pathOf({ entity, project, type, name }: ArtifactPlace): string {
  return `${projectPath(entity, project)}/artifacts/${part(type)}/${part(name)}`;
}

export async function getCollections(entity: string, project: string): Promise<Collection[]> {
  const path = `${projectPath(entity, project)}/artifacts`;
  return (await getJson<{ collections: Collection[] }>(path)).collections;
}

export function getVersions(place: ArtifactPlace): Promise<Versions> {
  return getJson(pathOf(place));
}

/** `version` may be an alias. */
export function getArtifact(place: ArtifactPlace, version: string): Promise<Artifact> {
  return getJson(`${pathOf(place)}/${part(version)}`);
}

export function getLineage(place: ArtifactPlace, version: string): Promise<Lineage> {
  return getJson(`${pathOf(place)}/${part(version)}/lineage`);
}

/** Files of a version that a page reads at most. */
export const MOST_FILES = 50_000;

/** Every file of a version, as far as `MOST_FILES` go. */
export async function getAllFiles(
  place: ArtifactPlace,
  artifact: Artifact,
): Promise<ArtifactFile[]> {
  const files = [...artifact.files];
  let after = artifact.files_next;
  while (after !== null && files.length < MOST_FILES) {
    const answer: { files: ArtifactFile[]; next: number | null } = await getJson(
      `${pathOf(place)}/${part(artifact.version)}/files`,
      { after },
    );
    files.push(...answer.files);
    after = answer.next;
  }
  return files;
}

export function artifactFileHref(place: ArtifactPlace, version: string, path: string): string {
  const file = path.split("/").map(part).join("/");
  return address(`${pathOf(place)}/${part(version)}/files/${file}`);
}

/** A file as the previews of a run's files take it. */
export function asRunFile(file: ArtifactFile, updated: number): RunFile {
  return { name: file.path, sha256: file.sha256 ?? "", size: file.size, type: null, updated };
}

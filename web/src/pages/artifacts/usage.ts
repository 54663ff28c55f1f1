/** The code to use a version of an artifact. */
import type { ArtifactPlace } from "../../data/artifacts.ts";

/** A Python literal of a text. */
function literal(text: string): string {
  return JSON.stringify(text);
}

export function usageCode({ entity, project, type, name }: ArtifactPlace, version: string): string {
  const full = `${entity}/${project}/${name}:${version}`;
  return [
    "import wandb",
    "",
    `with wandb.init(project=${literal(project)}) as run:`,
    `    artifact = run.use_artifact(${literal(full)}, type=${literal(type)})`,
    "    folder = artifact.download()",
  ].join("\n");
}

/** A word that every shell takes as it is. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function downloadCommand(
  { entity, project, type, name }: ArtifactPlace,
  version: string,
): string {
  return `wandb artifact get ${quoted(`${entity}/${project}/${name}:${version}`)} --type ${quoted(type)}`;
}

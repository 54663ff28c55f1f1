/** Whether a project has artifacts: asked once the page has nothing else to do. */
import { type Signal, signal } from "@preact/signals";
import { whenIdle } from "../base/idle.ts";
import { getProject } from "../data/api.ts";
import { LOGDIRS } from "./route.ts";
import type { Workspace } from "./workspace.ts";

const known = new Map<string, Signal<boolean>>();

export function hasArtifacts({ entity, project }: Workspace): boolean {
  const name = `${entity}/${project}`;
  let found = known.get(name);
  if (found === undefined) {
    const made = signal(false);
    found = made;
    known.set(name, made);
    const ask = async () => {
      try {
        made.value = (await getProject(entity, project)).artifacts === true;
      } catch {
        // The page says by itself that the server does not answer; the next one asks again.
        known.delete(name);
      }
    };
    if (entity !== LOGDIRS) whenIdle(() => void ask());
  }
  return found.value;
}

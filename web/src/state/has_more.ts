/** Whether a project has artifacts and sweeps: asked once the page has nothing else to do. */
import { type Signal, signal } from "@preact/signals";
import { whenIdle } from "../base/idle.ts";
import { getProject } from "../data/api.ts";
import { LOGDIRS } from "./route.ts";
import type { Workspace } from "./workspace.ts";

interface More {
  artifacts: boolean;
  sweeps: boolean;
}

const known = new Map<string, Signal<More>>();

export function whatMore({ entity, project }: Workspace): More {
  const name = `${entity}/${project}`;
  let found = known.get(name);
  if (found === undefined) {
    const made = signal<More>({ artifacts: false, sweeps: false });
    found = made;
    known.set(name, made);
    const ask = async () => {
      try {
        const { artifacts, sweeps } = await getProject(entity, project);
        made.value = { artifacts: artifacts === true, sweeps: sweeps === true };
      } catch {
        // The page says by itself that the server does not answer; the next one asks again.
        known.delete(name);
      }
    };
    if (entity !== LOGDIRS) whenIdle(() => void ask());
  }
  return found.value;
}

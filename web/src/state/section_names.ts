/** Names that people give to sections. */
import { FOUND } from "./sections.ts";
import type { Workspace } from "./workspace.ts";

/** The id of the section that is called so; of a new one it is the name itself. */
export function sectionCalled(ws: Workspace, title: string): string {
  const name = title.trim();
  const sections = ws.sections.peek().filter(({ id }) => id !== FOUND);
  const found = sections.find((one) => one.title === name);
  if (found !== undefined) return found.id;
  let id = name;
  // A section that was renamed keeps its id.
  for (let n = 2; sections.some((one) => one.id === id); n++) id = `${name} (${n})`;
  return id;
}

/** What is wrong with the name of a section; null: nothing. */
export function faultOfTitle(title: string): string | null {
  const name = title.trim();
  if (name === "") return "A section needs a name.";
  if (name === "*" || name === "?" || name.includes("/")) {
    return `“${name}” cannot be the name of a section: choose one without “/”, “*” and “?”.`;
  }
  return null;
}

/** Settings that only one kind of panel knows (`o:PANEL=` in the address); what is as by default is left out. */
import type { Workspace } from "./workspace.ts";

/** What is set for a panel by its id; a name that is missing is as by default. */
export function optionsOf(ws: Workspace, id: string): Readonly<Record<string, string>> {
  return ws.view.value.options[id] ?? {};
}

/** Sets one option of a panel; null: as by default. */
export function setOption(ws: Workspace, id: string, name: string, value: string | null): void {
  const { [id]: own = {}, ...others } = ws.view.peek().options;
  const { [name]: _, ...rest } = own;
  const next = value === null ? rest : { ...rest, [name]: value };
  ws.set({ options: Object.keys(next).length > 0 ? { ...others, [id]: next } : others });
}

/** The sheet of one run over the charts or the table; its content is loaded when it is first opened. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { closeSheet, openedRun } from "../../state/sheet.ts";
import type { Workspace } from "../../state/workspace.ts";
import { lazy } from "../lazy.tsx";

const SheetOfRun = lazy<{ ws: Workspace; uid: string }>(async () => {
  const { SheetOfRun } = await import("../run/sheet_of_run.tsx");
  return SheetOfRun;
});

export function RunSheet({ ws }: { ws: Workspace }): JSX.Element | null {
  useEffect(() => closeSheet, []);
  const uid = openedRun.value;
  return uid === null ? null : <SheetOfRun ws={ws} uid={uid} />;
}

/** All runs of a project as a table. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import type { Bindings } from "../../state/keys.ts";
import { projectHref } from "../../state/route.ts";
import { RunTable } from "../../state/table.ts";
import { Header } from "../header.tsx";
import { Notice } from "../notice.tsx";
import { useShortcuts } from "../shortcuts.tsx";
import { Snippets } from "../snippets.tsx";
import { PickBar } from "../workspace/pick_bar.tsx";
import { ListNotice } from "../workspace/run_list.tsx";
import { RunSheet } from "../workspace/run_sheet.tsx";
import { focusField, useWorkspace } from "../workspace/workspace_page.tsx";
import { Grid } from "./grid.tsx";
import { GroupTable } from "./group_table.tsx";
import { TableBar } from "./table_bar.tsx";
import "../../styles/table.css";

export function TablePage(props: { entity: string; project: string }): JSX.Element {
  const { entity, project } = props;
  const ws = useWorkspace(entity, project, null);
  const table = useMemo(() => new RunTable(ws), [ws]);
  useLayoutEffect(() => {
    table.start();
    return () => table.stop();
  }, [table]);
  const shortcuts = useMemo(
    (): Bindings => ({
      "run-filter": () => focusField("run-filter"),
      back: () => (ws.picks.areShown.peek() ? ws.picks.clear() : false),
    }),
    [ws],
  );
  useShortcuts(shortcuts);
  useEffect(() => {
    document.title = `${project}: runs · epochal`;
  }, [project]);
  return (
    <>
      <Header ws={ws} tab="table">
        <span>{entity}</span>
        <a href={projectHref(entity, project)} aria-current="page">
          {project}
        </a>
      </Header>
      <main class="table-page">
        <h1 class="sr">{project}: runs</h1>
        <TableBar table={table} />
        <TableNotice table={table} />
        <GroupTable table={table} />
        <Grid table={table} />
        <PickBar ws={ws} />
      </main>
      <RunSheet ws={ws} />
    </>
  );
}

/** What is wrong, or why there is no row. */
function TableNotice({ table }: { table: RunTable }): JSX.Element | null {
  const { ws, rows } = table;
  const { q, list } = ws.view.value;
  const error = rows.error.value;
  if (error !== null && ws.list.error.value === null) {
    return (
      <div class="list-notice" role="alert">
        {error.message}
      </div>
    );
  }
  if (rows.isReady.value && rows.matched.value === 0 && q === "" && list !== "trash") {
    return (
      <Notice title="No runs yet">
        <Snippets entity={ws.entity} project={ws.project} />
      </Notice>
    );
  }
  return <ListNotice ws={ws} />;
}

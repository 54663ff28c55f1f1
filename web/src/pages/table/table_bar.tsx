/** The line above the table: which runs, which columns, what differs, and the ways out. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { projectPath } from "../../data/api.ts";
import { address, canGet } from "../../data/client.ts";
import type { RunTable } from "../../state/table.ts";
import { notifyError } from "../../state/toasts.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { RunListHead } from "../workspace/run_list_head.tsx";
import { GroupChip } from "../workspace/toolbar_chips.tsx";
import { ColumnMenu } from "./column_choice.tsx";

export function TableBar({ table }: { table: RunTable }): JSX.Element {
  const { ws } = table;
  const { differs } = ws.view.value;
  return (
    <div class="table-bar" role="toolbar" aria-label="Table">
      <RunListHead ws={ws} />
      <GroupChip ws={ws} />
      <ColumnMenu table={table} />
      <button
        type="button"
        class="chip"
        aria-pressed={differs}
        title="Leave out the columns in which all runs that match have the same value"
        onClick={() => ws.set({ differs: !differs })}
      >
        Only what differs
      </button>
      <span class="spread" />
      <ExportMenu table={table} />
    </div>
  );
}

function exportHref(table: RunTable, kind: "csv" | "parquet"): string {
  const { ws } = table;
  const { q, sort, list } = ws.view.value;
  const names = table.columns.value.map((one) => one.name);
  return address(`${projectPath(ws.entity, ws.project)}/runs.${kind}`, {
    filter: q,
    sort,
    // Facts of the runs themselves stand in every file.
    columns: names.filter((name) => name.includes(".")).join(","),
    archived: list === "archived" || undefined,
    state: list === "trash" ? "trashed" : undefined,
  });
}

function ExportMenu({ table }: { table: RunTable }): JSX.Element {
  return (
    <Menu label="Export" button="Export" align="right">
      {(close) => <ExportLinks table={table} close={close} />}
    </Menu>
  );
}

/** Saves the table as a text to put into another one. */
async function saveWritten(table: RunTable, kind: "md" | "tex"): Promise<void> {
  try {
    const { saveTable } = await import("./save_table.ts");
    await saveTable(table, kind);
  } catch (error) {
    notifyError(error);
  }
}

/** null: nobody has asked whether the server can write Parquet. */
let isParquet: boolean | null = null;

function ExportLinks({ table, close }: { table: RunTable; close: () => void }): JSX.Element {
  const [hasParquet, setParquet] = useState(isParquet ?? false);
  const { entity, project } = table.ws;
  useEffect(() => {
    if (isParquet !== null) return;
    // An empty file is made in no time, and tells as much.
    const probe = address(`${projectPath(entity, project)}/runs.parquet`, {
      filter: 'id = "/"',
      columns: "config./",
    });
    void canGet(probe).then((can) => {
      isParquet = can;
      setParquet(can);
    });
  }, [entity, project]);
  const link = (kind: "csv" | "parquet", text: string) => (
    <a
      class="menu-item"
      role="menuitem"
      href={exportHref(table, kind)}
      download={`${project}.${kind}`}
      onClick={close}
    >
      <Icon name="down" /> {text}
    </a>
  );
  const written = (kind: "md" | "tex", text: string) => (
    <MenuItem
      onPick={() => {
        close();
        void saveWritten(table, kind);
      }}
    >
      <Icon name="down" /> {text}
    </MenuItem>
  );
  return (
    <>
      <p class="menu-title">All runs that match, these columns</p>
      {link("csv", "CSV")}
      {hasParquet && link("parquet", "Parquet")}
      {written("md", "Markdown")}
      {written("tex", "LaTeX")}
    </>
  );
}

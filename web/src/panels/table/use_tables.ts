/** The tables of a panel's runs, as they come. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ObjectEntry } from "../../data/objects.ts";
import { type DataTable, loadTable, tableIn } from "../../data/tables.ts";

export interface LoadedTables {
  /** By run; those of runs whose table is on its way are missing, or still the one before. */
  readonly tables: ReadonlyMap<string, DataTable>;
  /** Why a run's table cannot be shown, by run. */
  readonly errors: ReadonlyMap<string, string>;
}

/** How long panels out of sight let those in sight go first. */
const LATER_MS = 400;

const NONE: LoadedTables = { tables: new Map(), errors: new Map() };

export function useTables(entries: readonly ObjectEntry[], isVisible: boolean): LoadedTables {
  const [loaded, setLoaded] = useState<LoadedTables>(NONE);
  const wanted = useMemo(
    () =>
      entries.flatMap((entry) => {
        const value = tableIn(entry.values[0]?.value);
        return value === null ? [] : { run: entry.run, value };
      }),
    [entries],
  );
  const question = JSON.stringify(wanted);
  useEffect(() => {
    let isGone = false;
    const runs = new Set(wanted.map(({ run }) => run));
    const put = (run: string, table: DataTable | null, error: string | null) => {
      if (isGone) return;
      setLoaded((old) => {
        const tables = new Map([...old.tables].filter(([one]) => runs.has(one)));
        const errors = new Map([...old.errors].filter(([one]) => runs.has(one)));
        if (table === null) tables.delete(run);
        else tables.set(run, table);
        if (error === null) errors.delete(run);
        else errors.set(run, error);
        return { tables, errors };
      });
    };
    const load = () => {
      for (const { run, value } of wanted) {
        loadTable(value).then(
          (table) => put(run, table, null),
          (error: Error) => put(run, null, error.message),
        );
      }
    };
    // What is in sight comes first.
    if (isVisible) load();
    const wait = isVisible ? 0 : window.setTimeout(load, LATER_MS);
    return () => {
      isGone = true;
      clearTimeout(wait);
    };
  }, [question, isVisible]);
  return loaded;
}

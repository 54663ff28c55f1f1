/** Which columns the table has: found by search among all that the project's runs have. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { RunTable } from "../../state/table.ts";
import { AGGREGATES, RUN_FIELDS } from "../../state/table_columns.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { VirtualRows } from "../../widgets/virtual_rows.tsx";
import { type ColumnOffer, filterOffers, offersOf } from "./column_offers.ts";

const OFFER_HEIGHT = 26;

export function ColumnMenu({ table }: { table: RunTable }): JSX.Element {
  const count = table.columns.value.length;
  return (
    <Menu
      label={`Columns: ${groupDigits(count)} shown`}
      kind="dialog"
      button={
        <>
          <Icon name="columns" /> Columns <b>{groupDigits(count)}</b>
        </>
      }
    >
      {() => <ColumnChoice table={table} />}
    </Menu>
  );
}

function ColumnChoice({ table }: { table: RunTable }): JSX.Element {
  const { ws } = table;
  const [text, setText] = useState("");
  useEffect(() => {
    void ws.readColumns();
  }, [ws]);
  const offers = useMemo(
    () => offersOf(Object.keys(RUN_FIELDS), ws.columns.value, ws.keys.value),
    [ws.columns.value, ws.keys.value],
  );
  const found = useMemo(() => filterOffers(offers, text), [offers, text]);
  const chosen = new Set(table.chosen.value.map((one) => one.name));
  return (
    <div class="table-columns">
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <p class="menu-title">
        {groupDigits(found.length)} of {groupDigits(offers.length)}
        <span class="spread" />
        {table.isOwn.value && (
          <button type="button" class="link" onClick={() => table.setColumns(null)}>
            As suggested
          </button>
        )}
        <button type="button" class="link" onClick={() => table.setColumns([])}>
          None
        </button>
      </p>
      {found.length === 0 ? (
        <p class="list-notice">No column is called “{text}”.</p>
      ) : (
        <VirtualRows
          key={text}
          count={found.length}
          rowHeight={OFFER_HEIGHT}
          label="Columns"
          row={(index, top) => (
            <OfferRow key={index} offer={found[index]!} top={top} table={table} chosen={chosen} />
          )}
        />
      )}
    </div>
  );
}

interface OfferProps {
  offer: ColumnOffer;
  top: number;
  table: RunTable;
  chosen: ReadonlySet<string>;
}

function OfferRow({ offer, top, table, chosen }: OfferProps): JSX.Element {
  const { label, group, names } = offer;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualRows
    <div class="offer" role="listitem" style={{ transform: `translateY(${top}px)` }}>
      <span class="offer-group">{group}</span>
      {names.length === 1 ? (
        <label class="offer-name">
          <input
            type="checkbox"
            checked={chosen.has(names[0]!)}
            onChange={() => table.toggleColumn(names[0]!)}
          />
          <span title={names[0]}>{label}</span>
        </label>
      ) : (
        <>
          <span class="offer-name" title={label}>
            {label}
          </span>
          {names.map((name, at) => (
            <button
              type="button"
              key={name}
              class="offer-part"
              aria-pressed={chosen.has(name)}
              aria-label={`${AGGREGATES[at]} of ${label}`}
              onClick={() => table.toggleColumn(name)}
            >
              {AGGREGATES[at]}
            </button>
          ))}
        </>
      )}
    </div>
  );
}

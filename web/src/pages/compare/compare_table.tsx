/** Values of runs beside one another, in sections, the names at the left. */
import type { ComponentChildren, JSX } from "preact";
import { WrappedName } from "../../widgets/path_name.tsx";
import { type CompareRow, deltaOf, spell, spellWhole } from "./compare_rows.ts";

export interface CompareSection {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly CompareRow[];
  /** Numbers are short, and told with how far they lie from the baseline's. */
  readonly isMeasured?: boolean;
}

interface TableProps {
  /** One heading a run, that of the baseline first. */
  heads: readonly ComponentChildren[];
  sections: readonly CompareSection[];
  /** Only names that contain it are shown. */
  text: string;
  /** Rows in which the runs agree, too. */
  isAll: boolean;
}

export function CompareTable({ heads, sections, text, isAll }: TableProps): JSX.Element {
  const needle = text.trim().toLowerCase();
  return (
    <table class="compare-table">
      <thead>
        <tr>
          <th scope="col" class="compare-name">
            <span class="sr">Name</span>
          </th>
          {heads}
        </tr>
      </thead>
      {sections.map((section) => (
        <Section key={section.id} {...{ section, needle, isAll, width: heads.length + 1 }} />
      ))}
    </table>
  );
}

interface SectionProps {
  section: CompareSection;
  needle: string;
  isAll: boolean;
  width: number;
}

function Section({ section, needle, isAll, width }: SectionProps): JSX.Element | null {
  const { title, rows, isMeasured = false } = section;
  if (rows.length === 0) return null;
  const named = rows.filter(({ name }) => name.toLowerCase().includes(needle));
  const shown = isAll ? named : named.filter(({ differs }) => differs);
  const differing = rows.filter(({ differs }) => differs).length;
  return (
    <tbody>
      <tr class="compare-section">
        <th colSpan={width} scope="rowgroup">
          <span class="compare-title">{title}</span>
          <span class="quiet">{countOf(rows.length, differing)}</span>
        </th>
      </tr>
      {shown.map((row) => (
        <Row key={row.name} row={row} isMeasured={isMeasured} />
      ))}
    </tbody>
  );
}

function countOf(all: number, differing: number): string {
  if (differing === 0) return all === 1 ? "the same" : `all ${all} the same`;
  return `${differing} of ${all} differ`;
}

function Row({ row, isMeasured }: { row: CompareRow; isMeasured: boolean }): JSX.Element {
  const [base] = row.values;
  return (
    <tr class={row.differs ? "differs" : undefined}>
      <th scope="row" class="compare-name" title={row.name}>
        <WrappedName name={row.name} />
      </th>
      {row.values.map((value, i) => {
        const isOther = row.differs && i > 0 && spellWhole(value) !== spellWhole(base);
        const delta = isMeasured && isOther ? deltaOf(value, base) : "";
        return (
          <td key={i} class={isOther ? "other" : undefined} title={spellWhole(value)}>
            <span class="compare-value">{spell(value, isMeasured)}</span>
            {delta && <span class="compare-delta"> {delta}</span>}
          </td>
        );
      })}
    </tr>
  );
}

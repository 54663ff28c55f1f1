/** A filter as a form: a row for each condition. It reads and writes the text of the filter field. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getValues } from "../../data/run_routes.ts";
import { RUN_FIELDS } from "../../state/filter_completion.ts";
import {
  COMPARISONS,
  type Comparison,
  type Condition,
  readConditions,
  type Test,
  writeConditions,
} from "../../state/filter_text.ts";
import { valueLabel } from "../../state/groups.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";

const WORDS = "words";
const PATTERN = "pattern";
const SIGN_NAMES: Readonly<Record<Comparison, string>> = {
  "=": "is",
  "!=": "is not",
  "<": "<",
  "<=": "≤",
  ">": ">",
  ">=": "≥",
  ":": "has",
  in: "is one of",
  "not in": "is none of",
};
const FRESH: Condition = {
  join: "and",
  isNegated: false,
  test: { kind: "words", text: "", isQuoted: false },
};

export function FilterBuilder({ ws }: { ws: Workspace }): JSX.Element {
  const { q } = ws.view.value;
  const [conditions, setConditions] = useState(() => startingWith(q));
  // A text that was typed meanwhile is what holds.
  useEffect(() => {
    if (conditions === null || writeConditions(conditions.filter(isWhole)) !== q) {
      setConditions(startingWith(q));
    }
  }, [q]);

  function change(next: readonly Condition[]): void {
    setConditions([...next]);
    ws.set({ q: writeConditions(next.filter(isWhole)) });
  }
  if (conditions === null) {
    return (
      <div class="filter-builder">
        <p>This filter has parentheses or is not whole yet: edit it as text.</p>
        <button type="button" class="chip" onClick={() => change([FRESH])}>
          Begin anew
        </button>
      </div>
    );
  }
  return (
    <div class="filter-builder">
      <datalist id="filter-columns">
        {[...ws.columns.value, ...RUN_FIELDS].map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {conditions.map((condition, index) => (
        <ConditionRow
          key={index}
          {...{ ws, condition, index }}
          onChange={(changed) => change(conditions.with(index, changed))}
          onRemove={() => change(conditions.toSpliced(index, 1))}
        />
      ))}
      <div class="filter-builder-foot">
        <button type="button" class="chip" onClick={() => setConditions([...conditions, FRESH])}>
          Add a condition
        </button>
        {q !== "" && (
          <button type="button" class="chip" onClick={() => change([])}>
            Clear
          </button>
        )}
      </div>
    </div>
  );
}

function startingWith(q: string): Condition[] | null {
  const read = readConditions(q);
  return read?.length === 0 ? [FRESH] : read;
}

/** Whether a condition says something yet. */
function isWhole({ test }: Condition): boolean {
  if (test.kind === "regex") return test.pattern !== "";
  if (test.kind === "words") return test.text !== "";
  return test.values.some((value) => value.text !== "");
}

interface RowProps {
  ws: Workspace;
  condition: Condition;
  index: number;
  onChange: (condition: Condition) => void;
  onRemove: () => void;
}

function ConditionRow({ ws, condition, index, onChange, onRemove }: RowProps): JSX.Element {
  const { join, isNegated, test } = condition;
  const setTest = (next: Test) => onChange({ ...condition, test: next });
  return (
    <div class="filter-row">
      {index === 0 ? (
        <span class="filter-join">where</span>
      ) : (
        <select
          class="filter-join"
          aria-label="And or or"
          value={join}
          onChange={(event) =>
            onChange({ ...condition, join: event.currentTarget.value as "and" | "or" })
          }
        >
          <option value="and">and</option>
          <option value="or">or</option>
        </select>
      )}
      <TestFields ws={ws} test={test} onChange={setTest} />
      <button
        type="button"
        class="chip"
        aria-pressed={isNegated}
        title="Keep the runs for which it does not hold"
        onClick={() => onChange({ ...condition, isNegated: !isNegated })}
      >
        not
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={`Remove condition ${index + 1}`}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function TestFields(props: {
  ws: Workspace;
  test: Test;
  onChange: (test: Test) => void;
}): JSX.Element {
  const { ws, test, onChange } = props;
  const [values, setValues] = useState<readonly string[]>([]);
  const column = test.kind === "compare" ? test.column : "";
  const isKnown = [...ws.columns.value, ...RUN_FIELDS].some(({ name }) => name === column);
  useEffect(() => {
    if (!isKnown) return;
    const abort = new AbortController();
    const query = { column: column === "tag" ? "tags" : column, limit: 50 };
    getValues(ws, query, abort.signal).then(
      (found) => setValues(found.values.map(({ value }) => valueLabel(value))),
      () => setValues([]),
    );
    return () => abort.abort();
  }, [column, isKnown]);
  const listId = `filter-values-${column}`;
  return (
    <>
      <input
        class="inline-field filter-column"
        list="filter-columns"
        aria-label="Column"
        placeholder="column, or empty for words"
        value={column}
        onInput={(event) => onChange(withColumn(test, event.currentTarget.value.trim()))}
      />
      <select
        aria-label="Comparison"
        value={test.kind === "compare" ? test.sign : test.kind === "regex" ? PATTERN : WORDS}
        onChange={(event) => onChange(withSign(test, event.currentTarget.value))}
      >
        {test.kind === "compare" ? (
          COMPARISONS.map((sign) => (
            <option key={sign} value={sign}>
              {SIGN_NAMES[sign]}
            </option>
          ))
        ) : (
          <>
            <option value={WORDS}>contains</option>
            <option value={PATTERN}>matches</option>
          </>
        )}
      </select>
      <datalist id={listId}>
        {values.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
      <input
        class="inline-field filter-value"
        list={listId}
        aria-label="Value"
        placeholder={test.kind === "compare" && test.sign.endsWith("in") ? "a, b" : "value"}
        value={valueText(test)}
        onInput={(event) => onChange(withValue(test, event.currentTarget.value))}
      />
    </>
  );
}

function valueText(test: Test): string {
  if (test.kind === "words") return test.text;
  if (test.kind === "regex") return test.pattern;
  return test.values.map((value) => value.text).join(", ");
}

function withColumn(test: Test, column: string): Test {
  const text = valueText(test);
  if (column === "") return { kind: "words", text, isQuoted: false };
  if (test.kind === "compare") return { ...test, column };
  return { kind: "compare", column, sign: "=", values: [{ text, isQuoted: false }] };
}

function withSign(test: Test, sign: string): Test {
  const text = valueText(test);
  if (sign === WORDS) return { kind: "words", text, isQuoted: false };
  if (sign === PATTERN) return { kind: "regex", pattern: text };
  const column = test.kind === "compare" ? test.column : "";
  return withValue({ kind: "compare", column, sign: sign as Comparison, values: [] }, text);
}

function withValue(test: Test, text: string): Test {
  if (test.kind === "words") return { ...test, text };
  // A slash would end the expression.
  if (test.kind === "regex") return { ...test, pattern: text.replace(/(?<!\\)\//g, "\\/") };
  const parts = test.sign.endsWith("in") ? text.split(",").map((part) => part.trim()) : [text];
  const known = new Map(test.values.map((value) => [value.text, value]));
  const values = parts.map((part) => known.get(part) ?? { text: part, isQuoted: false });
  return { ...test, values };
}

/** The artifacts of a project by their types; those that the client makes by itself are folded. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import { type Collection, getCollections } from "../../data/artifacts.ts";
import { artifactsHref } from "../../state/route.ts";
import { Age } from "../age.tsx";
import { Notice } from "../notice.tsx";
import { Aliases } from "./aliases.tsx";
import { useAnswer } from "./use_answer.ts";

/** Types of what is logged beside rows: a version for every table of every run. */
const MADE_BY_CLIENT = new Set(["run_table", "wandb-history", "code", "job"]);
/** Rows of a type that are shown before somebody wants all. */
const FEW = 200;

interface CollectionListProps {
  entity: string;
  project: string;
  /** Only those of one; "" for all. */
  type: string;
  moment: number;
}

export function CollectionList(props: CollectionListProps): JSX.Element {
  const { entity, project, type: only, moment } = props;
  const { value, error } = useAnswer(`${entity}/${project} ${moment}`, () =>
    getCollections(entity, project),
  );
  const [text, setText] = useState("");
  const types = useMemo(() => {
    const needle = text.trim().toLowerCase();
    const found = new Map<string, Collection[]>();
    for (const one of value ?? []) {
      if (only !== "" && one.type !== only) continue;
      if (
        !`${one.name} ${one.aliases.join(" ")} ${one.tags.join(" ")}`.toLowerCase().includes(needle)
      )
        continue;
      found.set(one.type, [...(found.get(one.type) ?? []), one]);
    }
    const isMade = ([name]: [string, unknown]) => Number(MADE_BY_CLIENT.has(name));
    return [...found].sort((a, b) => isMade(a) - isMade(b) || (a[0] < b[0] ? -1 : 1));
  }, [value, text, only]);

  if (value === null) {
    return (
      <main class="artifacts">
        {error !== null && (
          <Notice title="The artifacts cannot be read" isError>
            <p>{error.message}</p>
          </Notice>
        )}
      </main>
    );
  }
  if (value.length === 0) {
    return (
      <main class="artifacts">
        <Notice title="This project has no artifacts">
          <p>
            What a script gives to <code>run.log_artifact()</code> is kept here, every version of
            it.
          </p>
        </Notice>
      </main>
    );
  }
  return (
    <main class="artifacts">
      <div class="artifacts-bar">
        <h1>Artifacts</h1>
        <input
          type="search"
          placeholder="Find an artifact"
          aria-label="Find an artifact"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        {only !== "" && <a href={artifactsHref(entity, project)}>All types</a>}
      </div>
      {types.length === 0 && <p class="quiet artifacts-none">No artifact is called “{text}”.</p>}
      {types.map(([type, collections]) => (
        <TypeSection
          key={type}
          {...{ entity, project, type, collections }}
          isOpen={only !== "" || text !== "" || !MADE_BY_CLIENT.has(type)}
        />
      ))}
    </main>
  );
}

interface TypeSectionProps {
  entity: string;
  project: string;
  type: string;
  collections: readonly Collection[];
  isOpen: boolean;
}

function TypeSection(props: TypeSectionProps): JSX.Element {
  const { entity, project, type, collections, isOpen } = props;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? collections : collections.slice(0, FEW);
  return (
    <details class="artifact-type" open={isOpen}>
      <summary>
        {type} <span class="quiet">{groupDigits(collections.length)}</span>
      </summary>
      <table class="artifact-table">
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">newest</th>
            <th scope="col" class="number">
              versions
            </th>
            <th scope="col" class="number">
              size
            </th>
            <th scope="col" class="number wide">
              all versions
            </th>
            <th scope="col">changed</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.name}>
              <td>
                <a href={artifactsHref(entity, project, [type, one.name])}>{one.name}</a>
                {one.kind === "portfolio" && <span class="quiet"> linked</span>}
                {one.description && <p class="quiet artifact-said">{one.description}</p>}
              </td>
              <td>
                {one.latest ?? "–"} <Aliases names={one.aliases} />
              </td>
              <td class="number">{groupDigits(one.versions)}</td>
              <td class="number">{formatSize(one.size)}</td>
              <td class="number wide">{formatSize(one.total)}</td>
              <td>
                <Age at={one.updated} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < collections.length && (
        <button type="button" class="chip" onClick={() => setAll(true)}>
          Show all {groupDigits(collections.length)}
        </button>
      )}
    </details>
  );
}

/** What has changed in a version since another one: files added, removed, changed. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import { getAllFiles, getArtifact, MOST_FILES } from "../../data/artifacts.ts";
import { artifactsHref, navigate } from "../../state/route.ts";
import { VirtualRows } from "../../widgets/virtual_rows.tsx";
import type { VersionProps } from "./artifact_page.tsx";
import { type ChangeKind, changesOf } from "./changes.ts";
import { useAnswer } from "./use_answer.ts";

const ROW = 26;
const SIGNS: Readonly<Record<ChangeKind, string>> = { added: "+", removed: "−", changed: "~" };

export function VersionDiff({ place, artifact, versions, rest }: VersionProps): JSX.Element {
  const others = versions.versions.filter(({ version }) => version !== artifact.version);
  const at = versions.versions.findIndex(({ version }) => version === artifact.version);
  // The one before it, else the one after.
  const before = rest[0] ?? versions.versions[at + 1]?.version ?? others[0]?.version ?? null;
  const question = `${place.name} ${before} ${artifact.version}`;
  const { value, error } = useAnswer(question, async () => {
    if (before === null) return null;
    const old = await getArtifact(place, before);
    return {
      before: await getAllFiles(place, old),
      after: await getAllFiles(place, artifact),
      isWhole: Math.max(old.files_total, artifact.files_total) <= MOST_FILES,
    };
  });
  const changes = useMemo(() => value && changesOf(value.before, value.after), [value]);
  if (before === null) {
    return <p class="quiet artifacts-none">There is no other version to compare it with.</p>;
  }
  const count = (kind: ChangeKind) =>
    groupDigits(changes?.list.filter((one) => one.kind === kind).length ?? 0);
  return (
    <div class="artifact-diff">
      <div class="artifact-diff-bar">
        <label>
          since{" "}
          <select
            aria-label="Compared with version"
            value={before}
            onChange={(event) =>
              navigate(
                artifactsHref(place.entity, place.project, [
                  ...[place.type, place.name, artifact.version, "diff"],
                  event.currentTarget.value,
                ]),
              )
            }
          >
            {others.map(({ version, aliases }) => (
              <option key={version} value={version}>
                {[version, ...aliases].join(" · ")}
              </option>
            ))}
          </select>
        </label>
        {changes && (
          <span class="quiet" role="status">
            {count("added")} added, {count("removed")} removed, {count("changed")} changed,{" "}
            {groupDigits(changes.same)} the same
          </span>
        )}
        {value?.isWhole === false && (
          <span class="quiet">Of the first {groupDigits(MOST_FILES)} files of each.</span>
        )}
      </div>
      {error !== null && <p class="artifacts-none">{error.message}</p>}
      {changes && changes.list.length === 0 && (
        <p class="quiet artifacts-none">All files are the same.</p>
      )}
      {changes && changes.list.length > 0 && (
        <VirtualRows
          label="Files that differ"
          count={changes.list.length}
          rowHeight={ROW}
          row={(i, top) => {
            const { path, kind, before: old, after } = changes.list[i]!;
            return (
              // biome-ignore lint/a11y/useSemanticElements: a <li> cannot stand in the element that is scrolled
              <div
                key={path}
                class={`change-row ${kind}`}
                role="listitem"
                style={{ top: `${top}px` }}
              >
                <span class="change-sign" aria-hidden="true">
                  {SIGNS[kind]}
                </span>
                <span class="sr">{kind}</span>
                {after === null ? (
                  <span class="change-path" title={path}>
                    {path}
                  </span>
                ) : (
                  <a
                    class="change-path"
                    title={path}
                    href={artifactsHref(place.entity, place.project, [
                      ...[place.type, place.name, artifact.version, "files"],
                      ...path.split("/"),
                    ])}
                  >
                    {path}
                  </a>
                )}
                <span class="quiet">
                  {[old, after]
                    .filter((size) => size !== null)
                    .map((size) => formatSize(size))
                    .join(" → ")}
                </span>
              </div>
            );
          }}
        />
      )}
    </div>
  );
}

/** One artifact: its versions at the left, the one that the address names beside them. */
import type { ComponentType, JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import {
  type Artifact,
  type ArtifactPlace,
  getArtifact,
  getVersions,
  type Versions,
} from "../../data/artifacts.ts";
import { artifactsHref, navigate } from "../../state/route.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Age } from "../age.tsx";
import { lazy } from "../lazy.tsx";
import { Notice } from "../notice.tsx";
import { Aliases } from "./aliases.tsx";
import { Overview } from "./overview.tsx";
import { useAnswer } from "./use_answer.ts";

export interface VersionProps {
  ws: Workspace;
  place: ArtifactPlace;
  artifact: Artifact;
  versions: Versions;
  /** What follows the tab in the address. */
  rest: readonly string[];
}

const TABS: readonly { id: string; label: string; Part: ComponentType<VersionProps> }[] = [
  { id: "overview", label: "Overview", Part: Overview },
  {
    id: "files",
    label: "Files",
    Part: lazy<VersionProps>(async () => (await import("./version_files.tsx")).VersionFiles),
  },
  {
    id: "diff",
    label: "Changes",
    Part: lazy<VersionProps>(async () => (await import("./version_diff.tsx")).VersionDiff),
  },
  {
    id: "lineage",
    label: "Lineage",
    Part: lazy<VersionProps>(async () => (await import("./lineage.tsx")).LineageTab),
  },
];
/** As other addresses of artifacts call the tabs. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  metadata: "overview",
  usage: "overview",
  graph: "lineage",
};

interface ArtifactPageProps {
  ws: Workspace;
  place: ArtifactPlace;
  /** Version, tab, and what the tab shows. */
  path: readonly string[];
  moment: number;
}

export function ArtifactPage({ ws, place, path, moment }: ArtifactPageProps): JSX.Element {
  const [wanted = "", tab = "overview", ...rest] = path;
  const versions = useAnswer(`${place.name} ${moment}`, () => getVersions(place));
  const newest = versions.value?.versions[0]?.version;
  const version = wanted || newest || "latest";
  const isKnown = versions.value !== null || versions.error !== null;
  const artifact = useAnswer(`${place.name} ${version} ${isKnown} ${moment}`, async () =>
    isKnown && (wanted !== "" || newest !== undefined) ? await getArtifact(place, version) : null,
  );
  const error = versions.error ?? artifact.error;
  if (error !== null) {
    return (
      <main class="artifacts">
        <Notice
          title={`The artifact “${place.name}${wanted && `:${wanted}`}” cannot be shown`}
          isError
        >
          <p>{error.message}</p>
          <p>
            <a href={artifactsHref(place.entity, place.project)}>
              All artifacts of {place.project}
            </a>
          </p>
        </Notice>
      </main>
    );
  }
  if (versions.value === null) return <main class="artifacts" />;
  const shown = artifact.value;
  const name = OTHER_NAMES[tab] ?? tab;
  const open = TABS.find(({ id }) => id === name) ?? TABS[0]!;
  const hrefOf = (of: string, id: string) =>
    artifactsHref(place.entity, place.project, [
      ...[place.type, place.name, of],
      ...(id === "overview" ? [] : [id]),
    ]);
  return (
    <main class="artifact-page">
      <VersionList
        versions={versions.value}
        shown={shown?.version ?? version}
        hrefOf={(of) => hrefOf(of, open.id)}
      />
      <section class="artifact-version" aria-label={`Version ${shown?.version ?? version}`}>
        <div class="artifact-head">
          <h1>
            {place.name}
            <span class="quiet">:{shown?.version ?? version}</span>
          </h1>
          <a class="chip" href={artifactsHref(place.entity, place.project, [place.type])}>
            {place.type}
          </a>
          <Aliases names={shown?.aliases ?? []} />
          {shown && (
            <span class="quiet">
              {groupDigits(shown.files_total)} {shown.files_total === 1 ? "file" : "files"} ·{" "}
              {formatSize(shown.size)} · <Age at={shown.created} />
            </span>
          )}
        </div>
        <nav class="artifact-tabs" aria-label="Parts of the version">
          {TABS.map(({ id, label }) => (
            <a
              key={id}
              href={hrefOf(wanted || version, id)}
              aria-current={id === open.id ? "page" : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        {versions.value.versions.length === 0 ? (
          <p class="quiet artifacts-none">No version of it is there any more.</p>
        ) : (
          shown && (
            <open.Part
              key={`${open.id} ${shown.version}`}
              {...{ ws, place, rest, artifact: shown, versions: versions.value }}
            />
          )
        )}
      </section>
    </main>
  );
}

interface VersionListProps {
  versions: Versions;
  shown: string;
  hrefOf: (version: string) => string;
}

function VersionList({ versions, shown, hrefOf }: VersionListProps): JSX.Element {
  return (
    <nav class="version-list" aria-label="Versions">
      <select
        class="version-choice"
        aria-label="Version"
        value={shown}
        onChange={(event) => navigate(hrefOf(event.currentTarget.value))}
      >
        {versions.versions.map(({ version, aliases }) => (
          <option key={version} value={version}>
            {[version, ...aliases].join(" · ")}
          </option>
        ))}
      </select>
      <ul>
        {versions.versions.map((one) => (
          <li key={one.version}>
            <a href={hrefOf(one.version)} aria-current={one.version === shown ? "true" : undefined}>
              <b>{one.version}</b>
              <Aliases names={one.aliases} />
              <span class="quiet">
                {formatSize(one.size)} · <Age at={one.created} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Artifacts of a project: all of them, or one with its versions. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { artifactsHref, projectHref } from "../../state/route.ts";
import { Header } from "../header.tsx";
import { useWorkspace } from "../workspace/workspace_page.tsx";
import { ArtifactPage } from "./artifact_page.tsx";
import { CollectionList } from "./collection_list.tsx";
import { useChanges } from "./use_answer.ts";
import "../../styles/artifacts.css";

interface ArtifactsPageProps {
  entity: string;
  project: string;
  /** Type, name, version, tab, and what the tab shows. */
  path: readonly string[];
}

export function ArtifactsPage({ entity, project, path }: ArtifactsPageProps): JSX.Element {
  const ws = useWorkspace(entity, project, null);
  const moment = useChanges(ws);
  const [type, name, ...rest] = path;
  useEffect(() => {
    document.title = `${name ?? "artifacts"} · ${project} · epochal`;
  }, [name, project]);
  return (
    <>
      <Header ws={ws} tab="artifacts">
        <span>{entity}</span>
        <a href={projectHref(entity, project)}>{project}</a>
        {name !== undefined && (
          <a href={artifactsHref(entity, project, [type!, name])} aria-current="page">
            {name}
          </a>
        )}
      </Header>
      {type === undefined || name === undefined ? (
        <CollectionList entity={entity} project={project} type={type ?? ""} moment={moment} />
      ) : (
        <ArtifactPage
          key={`${type}/${name}`}
          ws={ws}
          place={{ entity, project, type, name }}
          path={rest}
          moment={moment}
        />
      )}
    </>
  );
}

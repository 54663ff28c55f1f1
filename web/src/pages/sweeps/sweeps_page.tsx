/** Sweeps of a project: all of them, or one with its runs, its agents and what can be done with it. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { projectHref, sweepsHref } from "../../state/route.ts";
import { useChanges } from "../artifacts/use_answer.ts";
import { Header } from "../header.tsx";
import { useWorkspace } from "../workspace/workspace_page.tsx";
import { SweepList } from "./sweep_list.tsx";
import { SweepPage } from "./sweep_page.tsx";
import "../../styles/sweeps.css";

interface SweepsPageProps {
  entity: string;
  project: string;
  /** "" for all of them. */
  sweep: string;
}

export function SweepsPage({ entity, project, sweep }: SweepsPageProps): JSX.Element {
  const ws = useWorkspace(entity, project, null);
  const moment = useChanges(ws);
  useEffect(() => {
    document.title = `${sweep || "sweeps"} · ${project} · epochal`;
  }, [sweep, project]);
  return (
    <>
      <Header ws={ws} tab="sweeps">
        <span>{entity}</span>
        <a href={projectHref(entity, project)}>{project}</a>
        {sweep !== "" && (
          <a href={sweepsHref(entity, project, sweep)} aria-current="page">
            {sweep}
          </a>
        )}
      </Header>
      {sweep === "" ? (
        <SweepList entity={entity} project={project} moment={moment} />
      ) : (
        <SweepPage key={sweep} entity={entity} project={project} id={sweep} moment={moment} />
      )}
    </>
  );
}

/** Where a version comes from and what became of it: runs and versions, from left to right. */
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { getLineage, type LineageNode } from "../../data/artifacts.ts";
import { artifactsHref, runHref } from "../../state/route.ts";
import { StateMark } from "../run_state.tsx";
import type { VersionProps } from "./artifact_page.tsx";
import { BOX, layOutLineage } from "./lineage_layout.ts";
import { useAnswer } from "./use_answer.ts";

export function LineageTab({ place, artifact }: VersionProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { value, error } = useAnswer(`${place.name} ${artifact.version}`, () =>
    getLineage(place, artifact.version),
  );
  const laid = useMemo(() => (value === null ? null : layOutLineage(value)), [value]);
  const isHere = ({ kind, type, name, version, entity, project }: LineageNode) =>
    kind === "artifact" &&
    type === place.type &&
    name === place.name &&
    version === artifact.version &&
    entity === place.entity &&
    project === place.project;
  useLayoutEffect(() => {
    // The version itself is what is to be seen first.
    box.current
      ?.querySelector("[aria-current]")
      ?.scrollIntoView({ block: "center", inline: "center" });
  }, [laid]);
  if (error !== null) return <p class="artifacts-none">{error.message}</p>;
  if (value === null || laid === null) return <div class="lineage" />;
  const runs = value.nodes.filter(({ kind }) => kind === "run").length;
  return (
    <div class="lineage" ref={box}>
      {!value.complete && (
        <p class="quiet artifacts-none">There is more of it than can be shown here.</p>
      )}
      <div class="lineage-all" style={{ width: `${laid.width}px`, height: `${laid.height}px` }}>
        <svg width={laid.width} height={laid.height} aria-hidden="true">
          {laid.edges.map((path) => (
            <path key={path} d={path} />
          ))}
        </svg>
        <ul
          aria-label={`Lineage: ${value.nodes.length - runs} versions and ${runs} runs, in the order in which they came`}
        >
          {[...laid.nodes]
            .sort((a, b) => a.left - b.left || a.top - b.top)
            .map(({ node, left, top }) => (
              <li
                key={node.id}
                style={{
                  left: `${left}px`,
                  top: `${top}px`,
                  width: `${BOX.width}px`,
                  height: `${BOX.height}px`,
                }}
              >
                <NodeLink node={node} isHere={isHere(node)} />
              </li>
            ))}
        </ul>
      </div>
    </div>
  );
}

function NodeLink({ node, isHere }: { node: LineageNode; isHere: boolean }): JSX.Element {
  const { kind, label, entity, project, type, name, version, run, state } = node;
  if (kind === "run") {
    return (
      <a class="lineage-node run" href={runHref(entity, project, run ?? "")} title={label}>
        <span class="quiet">
          <StateMark state={state ?? "finished"} /> run
        </span>
        <b>{label}</b>
      </a>
    );
  }
  const path = [type ?? "", name ?? "", version ?? "", "lineage"];
  return (
    <a
      class="lineage-node version"
      href={artifactsHref(entity, project, path)}
      aria-current={isHere ? "true" : undefined}
      title={label}
    >
      <span class="quiet">{type}</span>
      <b>{label}</b>
    </a>
  );
}

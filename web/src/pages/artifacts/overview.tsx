/** What is said about a version: description, metadata, the runs around it, the code to use it. */
import type { ComponentChildren, JSX } from "preact";
import { formatMoment } from "../../base/times.ts";
import type { ArtifactRun, ArtifactSource } from "../../data/artifacts.ts";
import { artifactsHref, runHref } from "../../state/route.ts";
import { CopyButton } from "../../widgets/copy_button.tsx";
import { JsonTree, shortened, type Value } from "../../widgets/json_tree.tsx";
import { StateMark } from "../run_state.tsx";
import type { VersionProps } from "./artifact_page.tsx";
import { downloadCommand, usageCode } from "./usage.ts";

export function Overview({ place, artifact, versions }: VersionProps): JSX.Element {
  const { metadata, ttl, tags, linked, source } = artifact;
  const description = artifact.description || versions.description;
  const hasMetadata =
    typeof metadata === "object" && metadata !== null && Object.keys(metadata).length > 0;
  const code = usageCode(place, artifact.version);
  const command = downloadCommand(place, artifact.version);
  return (
    <div class="artifact-cards">
      {description && (
        <Card title="Description">
          <p class="artifact-description">{description}</p>
        </Card>
      )}
      <Card title="Version">
        <dl class="artifact-facts">
          <Row name="logged by">
            {artifact.logged_by === null ? "–" : <RunLink run={artifact.logged_by} />}
          </Row>
          <Row name="used by">
            {artifact.used_by.length === 0
              ? "no run"
              : artifact.used_by.map((run) => <RunLink key={run.uid} run={run} />)}
          </Row>
          {artifact.history_step !== null && <Row name="at step">{artifact.history_step}</Row>}
          <Row name="made">{formatMoment(artifact.created)}</Row>
          <Row name="digest">
            <code>{artifact.digest}</code>
          </Row>
          {tags.length > 0 && <Row name="tags">{tags.join(", ")}</Row>}
          {ttl !== null && <Row name="kept for">{days(ttl)}</Row>}
          {source !== null && (
            <Row name="linked from">
              <SourceLink source={source} type={place.type} />
            </Row>
          )}
          {linked.length > 0 && (
            <Row name="linked to">
              {linked.map((one) => (
                <SourceLink key={`${one.name} ${one.version}`} source={one} type={place.type} />
              ))}
            </Row>
          )}
        </dl>
      </Card>
      <Card title="Metadata">
        {hasMetadata ? (
          <JsonTree value={metadata as { [name: string]: Value }} format={shortened} />
        ) : (
          <p class="quiet">It has none.</p>
        )}
      </Card>
      <Card title="Use it" tools={<CopyButton text={code} label="Copy the code" />}>
        <pre class="artifact-code">{code}</pre>
        <p class="artifact-command">
          <code>{command}</code>
          <CopyButton text={command} label="Copy the command" />
        </p>
      </Card>
    </div>
  );
}

interface CardProps {
  title: string;
  tools?: ComponentChildren;
  children: ComponentChildren;
}

function Card({ title, tools, children }: CardProps): JSX.Element {
  return (
    <section class="artifact-card">
      <div class="artifact-card-head">
        <h2>{title}</h2>
        {tools}
      </div>
      {children}
    </section>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function RunLink({ run }: { run: ArtifactRun }): JSX.Element {
  return (
    <a href={runHref(run.entity, run.project, run.id)} class="artifact-run">
      <StateMark state={run.state} /> {run.name}
    </a>
  );
}

function SourceLink({ source, type }: { source: ArtifactSource; type: string }): JSX.Element {
  const { entity, project, name, version } = source;
  return (
    <a href={artifactsHref(entity, project, [type, name, version])}>
      {entity}/{project}/{name}:{version}
    </a>
  );
}

function days(seconds: number): string {
  const count = seconds / 86400;
  return count >= 1 ? `${Number(count.toFixed(1))} days` : `${Math.ceil(seconds / 3600)} hours`;
}

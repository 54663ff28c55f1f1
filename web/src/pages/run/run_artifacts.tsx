/** The artifacts that a run has logged and used, each with a link to its page. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatSize } from "../../base/sizes.ts";
import type { RequestError } from "../../data/client.ts";
import { getRunArtifacts, type RunArtifact } from "../../data/run_files.ts";
import { artifactsHref } from "../../state/route.ts";
import { Age } from "../age.tsx";
import { Nothing } from "./nothing.tsx";
import { Card } from "./run_cards.tsx";
import type { TabProps } from "./run_page.tsx";
import "../../styles/run_parts.css";

interface Found {
  logged: readonly RunArtifact[];
  used: readonly RunArtifact[];
}

export function RunArtifacts({ run, contents }: TabProps): JSX.Element {
  const [found, setFound] = useState<Found | null>(null);
  const [error, setError] = useState<RequestError | null>(null);
  const count = contents.now.value?.artifacts ?? 0;
  useEffect(() => {
    const abort = new AbortController();
    getRunArtifacts(run.uid, abort.signal).then(setFound, (caught) => {
      if (!abort.signal.aborted) setError(caught);
    });
    return () => abort.abort();
  }, [run.uid, count]);
  if (found === null) return error === null ? <main class="overview" /> : <Nothing error={error} />;
  if (found.logged.length + found.used.length === 0) {
    return (
      <Nothing title="This run has no artifacts">
        <p>
          What <code>run.log_artifact</code> and <code>run.use_artifact</code> name is listed here.
        </p>
      </Nothing>
    );
  }
  return (
    <main class="artifacts-of-run">
      <ArtifactTable title="Logged" artifacts={found.logged} />
      <ArtifactTable title="Used" artifacts={found.used} />
    </main>
  );
}

interface TableProps {
  title: string;
  artifacts: readonly RunArtifact[];
}

function ArtifactTable({ title, artifacts }: TableProps): JSX.Element | null {
  if (artifacts.length === 0) return null;
  return (
    <Card title={title} count={artifacts.length}>
      <div class="table-scroll">
        <table class="artifact-rows">
          <thead>
            <tr>
              <th scope="col">name</th>
              <th scope="col">type</th>
              <th scope="col">aliases</th>
              <th scope="col" class="number">
                size
              </th>
              <th scope="col">created</th>
            </tr>
          </thead>
          <tbody>
            {artifacts.map(({ entity, project, type, name, version, aliases, size, created }) => (
              <tr key={`${entity}/${project}/${name}:${version}`}>
                <td>
                  <a href={artifactsHref(entity, project, [type, name, version])}>
                    {name}:{version}
                  </a>
                </td>
                <td>{type}</td>
                <td>
                  {aliases.map((alias) => (
                    <span class="tag plain" key={alias}>
                      {alias}
                    </span>
                  ))}
                </td>
                <td class="number">{formatSize(size)}</td>
                <td>
                  <Age at={created} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

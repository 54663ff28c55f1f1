/** What stands where the panels of a project would be that is not there, or not yet. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { getKeys } from "../../data/api.ts";
import { homeHref } from "../../state/route.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Notice } from "../notice.tsx";
import { Snippets } from "../snippets.tsx";

const POLL_MS = 2000;

/** Looks again until the project is there: the link that a script prints may be opened before its first row. */
export function MissingProject({ ws }: { ws: Workspace }): JSX.Element {
  const { entity, project } = ws;
  useEffect(() => {
    let isOver = false;
    let timer = setTimeout(look, POLL_MS);
    async function look(): Promise<void> {
      try {
        await getKeys(entity, project);
        if (!isOver) ws.retry();
      } catch {
        if (!isOver) timer = setTimeout(look, POLL_MS);
      }
    }
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [ws, entity, project]);
  return (
    <Notice title="No such project yet">
      <p>
        There is no project “{entity}/{project}” here. Its charts appear by themselves when its
        first run begins. <a href={homeHref()}>All projects</a>
      </p>
      <Snippets project={project} entity={entity} />
    </Notice>
  );
}

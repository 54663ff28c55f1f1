/** What stands where the panels of a log directory would be while no event file has been found in it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { getLogdirs } from "../../data/api.ts";
import type { Logdir } from "../../data/wire.ts";
import { projectHref } from "../../state/route.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Notice } from "../notice.tsx";

const POLL_MS = 2000;

/** Says where is looked, and looks again; `children` stand where the project is no directory that is watched. */
export function LogdirNotice({
  ws,
  children,
}: {
  ws: Workspace;
  children: JSX.Element;
}): JSX.Element | null {
  const [found, setFound] = useState<Logdir | null | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function look(): Promise<void> {
      try {
        const { logdirs } = await getLogdirs();
        if (isOver) return;
        const own = logdirs.find((one) => one.project === ws.project) ?? null;
        setFound(own);
        // The project begins with its first run: nothing tells of a change of what is not there yet.
        if (own !== null && own.runs > 0) ws.retry();
      } catch {
        if (!isOver) setFound(null);
      }
      if (!isOver) timer = setTimeout(look, POLL_MS);
    }
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [ws]);
  if (found === undefined) return null;
  if (found === null) return children;
  if (found.elsewhere.length > 0 && found.runs === 0) {
    return (
      <Notice title="These runs are here already">
        <p>
          Runs of this server write the event files in <code>{found.root}</code> themselves. Their
          charts are in{" "}
          {found.elsewhere.map(({ entity, project, files }, i) => (
            <>
              {i > 0 && ", "}
              <a href={projectHref(entity, project)}>
                {entity}/{project}
              </a>{" "}
              ({files === 1 ? "1 file" : `${groupDigits(files)} files`})
            </>
          ))}
          .
        </p>
      </Notice>
    );
  }
  return (
    <Notice title={found.problem === null ? "No event files yet" : "The directory cannot be read"}>
      <p>
        Looked in <code>{found.root}</code>
        {found.problem === null
          ? found.files === 0
            ? ": no file there, or below, has “tfevents” in its name."
            : `: ${groupDigits(found.files)} event files, and nothing in them yet.`
          : `: ${found.problem}.`}
      </p>
      <p>It is looked through again every second or two; charts appear by themselves.</p>
    </Notice>
  );
}

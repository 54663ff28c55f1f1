/** Stopping the scripts of runs, from a menu: asked twice, because nothing takes it back. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { type Stoppable, stoppableOf, stopRuns } from "../../state/stops.ts";
import { MenuItem } from "../../widgets/menu.tsx";

interface StopProps {
  runs: readonly Run[];
  close: () => void;
}

/** Nothing where none of the runs can be stopped; whether one can, is asked when the menu opens. */
export function StopItem({ runs, close }: StopProps): JSX.Element | null {
  const [found, setFound] = useState<Stoppable | null>(null);
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    let isGone = false;
    void stoppableOf(runs).then((now) => isGone || setFound(now));
    return () => {
      isGone = true;
    };
  }, []);
  if (found === null || found.possible.length + found.asked === 0) return null;
  const { possible } = found;
  if (possible.length === 0) {
    const [what, verb] = runs.length === 1 ? ["the script", "has"] : ["the scripts", "have"];
    return (
      <>
        <p class="menu-said">{`Asked to stop; ${what} ${verb} not ended yet.`}</p>
        <hr />
      </>
    );
  }
  const what = runs.length === 1 ? "the script" : `the scripts of ${possible.length}`;
  const gets = possible.length === 1 ? "The script gets" : "Each script gets";
  return (
    <>
      <MenuItem
        isDangerous
        onPick={() => {
          if (!isAsked) return setAsked(true);
          close();
          void stopRuns(possible);
        }}
      >
        {isAsked ? `Really stop? ${gets} a KeyboardInterrupt` : `Stop ${what}…`}
      </MenuItem>
      <hr />
    </>
  );
}

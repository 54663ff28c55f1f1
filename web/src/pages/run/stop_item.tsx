/** Stopping a run's script, from the menu of its page: asked twice, because nothing takes it back. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import type { RunContents } from "../../state/run_contents.ts";
import { MenuItem } from "../../widgets/menu.tsx";

interface StopProps {
  run: Run;
  contents: RunContents;
  close: () => void;
}

export function StopItem({ run, contents, close }: StopProps): JSX.Element | null {
  const [isAsked, setAsked] = useState(false);
  const stop = contents.now.value?.stop ?? "none";
  if (stop === "none") return null;
  if (stop === "asked")
    return <p class="menu-said">Asked to stop; the script has not ended yet.</p>;
  return (
    <>
      <MenuItem
        isDangerous
        onPick={() => {
          if (!isAsked) return setAsked(true);
          close();
          void contents.stop(run);
        }}
      >
        {isAsked ? "Really stop? The script gets a KeyboardInterrupt" : "Stop the script…"}
      </MenuItem>
      <hr />
    </>
  );
}

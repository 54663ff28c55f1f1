/** How a log directory shows the folders that `add_scalars` and `add_hparams` write beside their run's. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { getLogdirs, openLogdir } from "../../data/api.ts";
import type { Logdir } from "../../data/wire.ts";
import { LOGDIRS, navigate, projectHref } from "../../state/route.ts";
import { notify } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Menu, MenuItem } from "../../widgets/menu.tsx";

/** Each way is a project of its own, which the server begins to read when it is first asked for. */
export function SubRunsChip({ ws }: { ws: Workspace }): JSX.Element | null {
  const [own, setOwn] = useState<Logdir | null>(null);
  useEffect(() => {
    let isLeft = false;
    getLogdirs().then(
      ({ logdirs }) => {
        if (!isLeft) setOwn(logdirs.find((one) => one.project === ws.project) ?? null);
      },
      // Without an answer there is nothing to choose; the charts say what is wrong.
      () => undefined,
    );
    return () => {
      isLeft = true;
    };
  }, [ws]);
  if (own === null) return null;

  async function turn(fold: boolean): Promise<void> {
    try {
      const { project } = await openLogdir(own!.root, fold);
      navigate(projectHref(LOGDIRS, project));
    } catch (error) {
      notify(`The folder cannot be shown in this way: ${(error as Error).message}`);
    }
  }

  return (
    <Menu
      label="Sub-runs of add_scalars and add_hparams"
      button={
        <>
          sub-runs <b>{own.fold ? "folded" : "apart"}</b>
        </>
      }
    >
      {(close) =>
        [false, true].map((fold) => (
          <MenuItem
            key={String(fold)}
            isChosen={own.fold === fold}
            onPick={() => {
              close();
              if (own.fold !== fold) void turn(fold);
            }}
          >
            {fold ? "folded into the run that wrote them" : "apart, as TensorBoard shows them"}
          </MenuItem>
        ))
      }
    </Menu>
  );
}

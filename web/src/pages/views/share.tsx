/** A link to what is on screen, for colleagues and for pages that embed it. */
import type { JSX } from "preact";
import { copyText } from "../../state/clipboard.ts";
import { keyHint } from "../../state/keys.ts";
import { embedHref } from "../../state/route.ts";
import { notify, notifyError } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Menu, MenuItem } from "../../widgets/menu.tsx";

export async function shareLink(ws: Workspace): Promise<void> {
  await copy(await ws.address.link(), "The link to this view is copied.");
}

/** An address that shows the page, or the chart in full screen, without its frame. */
export async function shareEmbed(ws: Workspace): Promise<void> {
  const link = new URL(await ws.address.link());
  link.pathname = embedHref(link.pathname);
  await copy(link.href, "The address without the frame is copied.");
}

async function copy(text: string, said: string): Promise<void> {
  if (await copyText(text)) notify(said);
  else notifyError(`The browser does not allow copying. The link is ${text}`);
}

export function ShareMenu({ ws }: { ws: Workspace }): JSX.Element {
  return (
    <Menu label="Share" class="chip share" align="right" button="Share">
      {(close) => (
        <>
          <MenuItem
            onPick={() => {
              close();
              void shareLink(ws);
            }}
          >
            Copy the link <kbd class="hint">{keyHint("link")}</kbd>
          </MenuItem>
          <MenuItem
            onPick={() => {
              close();
              void shareEmbed(ws);
            }}
          >
            Copy the address to embed
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

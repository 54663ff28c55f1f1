/** What a preview says while there is nothing to show, or when not all is shown. */
import type { JSX } from "preact";
import { formatSize } from "../../../base/sizes.ts";
import type { Loaded } from "./file_bytes.ts";

export function Waiting({ loaded }: { loaded: Loaded }): JSX.Element {
  if (loaded.error === null) return <div class="file-wait" aria-busy="true" />;
  return (
    <p class="file-hint error" role="alert">
      {loaded.error.message}
    </p>
  );
}

export function LeftOut({ left }: { left: number }): JSX.Element | null {
  if (left === 0) return null;
  return (
    <p class="file-note">
      The last {formatSize(left)} of the file are not shown; the download has all of it.
    </p>
  );
}

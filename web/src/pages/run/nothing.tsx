/** What a tab says instead of its content. */
import type { ComponentChildren, JSX } from "preact";
import type { RequestError } from "../../data/client.ts";
import { Notice } from "../notice.tsx";

interface NothingProps {
  title?: string;
  error?: RequestError;
  children?: ComponentChildren;
}

export function Nothing({ title, error, children }: NothingProps): JSX.Element {
  return (
    <main class="tab-notice">
      <Notice title={title ?? "This cannot be read"} isError={error !== undefined}>
        {error && <p>{error.message}</p>}
        {children}
      </Notice>
    </main>
  );
}

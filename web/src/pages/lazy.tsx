/** Pages and sheets whose code is loaded when they are first shown. */
import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { Notice } from "./notice.tsx";

/** A component that stands for the one that `load` brings. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
): (props: P) => JSX.Element | null {
  const loaded = signal<ComponentType<P> | null>(null);
  const error = signal<Error | null>(null);

  async function bring(): Promise<void> {
    error.value = null;
    try {
      // A function in a signal's value is kept as it is.
      loaded.value = await load();
    } catch (caught) {
      error.value = caught as Error;
    }
  }

  return function Lazy(props: P): JSX.Element | null {
    // At once: an effect waits for the next frame, and the page is empty until then.
    useLayoutEffect(() => {
      if (loaded.peek() === null) void bring();
    }, []);
    const Loaded = loaded.value;
    if (Loaded !== null) return <Loaded {...props} />;
    if (error.value === null) return null;
    return (
      <Notice title="This part of the page cannot be loaded" isError>
        <p>{error.value.message}</p>
        <button type="button" class="chip" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Notice>
    );
  };
}

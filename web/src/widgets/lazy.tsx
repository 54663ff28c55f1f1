/** A component whose code is read when it is first shown. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The component that `load` brings; until it is there, nothing. */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => JSX.Element | null {
  let loaded: ComponentType<Props> | null = null;
  return function Lazy(props) {
    const [, setReady] = useState(loaded !== null);
    useEffect(() => {
      if (loaded !== null) return;
      let isThere = true;
      void load().then((component) => {
        loaded = component;
        if (isThere) setReady(true);
      });
      return () => {
        isThere = false;
      };
    }, []);
    const Component = loaded;
    return Component && <Component {...props} />;
  };
}

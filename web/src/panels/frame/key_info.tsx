/** What whoever logged a key has said of it: its name to show, and a description in Markdown. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Key } from "../../data/wire.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";

type Formatted = ComponentType<{ text: string; format: "markdown" | "html" }>;

/** Beside a panel's title, where there is something to say; a reader of Markdown comes when it is opened. */
export function KeyInfo({ metric }: { metric: Key }): JSX.Element | null {
  const { name, display_name: shown, description } = metric;
  if (!description && (!shown || shown === name)) return null;
  return (
    <Menu
      kind="dialog"
      align="aside"
      label={`About ${name}`}
      class="icon-button key-info"
      button={<Icon name="info" />}
    >
      {() => (
        <div class="key-about">
          <p class="key-about-name">{shown || name}</p>
          {shown && shown !== name && <p class="quiet">key {name}</p>}
          {description && <Description text={description} />}
        </div>
      )}
    </Menu>
  );
}

function Description({ text }: { text: string }): JSX.Element {
  const [Loaded, setLoaded] = useState<Formatted | null>(null);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    let isLeft = false;
    import("./formatted.tsx").then(
      ({ Formatted }) => !isLeft && setLoaded(() => Formatted),
      () => !isLeft && setFailed(true),
    );
    return () => {
      isLeft = true;
    };
  }, []);
  if (Loaded !== null) return <Loaded text={text} format="markdown" />;
  // Without the code that formats it, as it was written.
  return <p class="text-plain">{isFailed ? text : ""}</p>;
}

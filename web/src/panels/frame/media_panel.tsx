/** A panel of media, whose code is loaded when the first of its kind is shown. */
import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { type MediaKind, panelId } from "../../state/panel_kinds.ts";
import type { MediaPanelProps } from "./media_frame.tsx";
import { KeyName, placeStyle } from "./panel_place.tsx";

type Component = ComponentType<MediaPanelProps>;
export type Loaders = Readonly<Record<MediaKind, () => Promise<Component>>>;

const loaded = signal<Partial<Record<MediaKind, Component>>>({});
const failed = signal<Error | null>(null);

async function bring(kind: MediaKind, loaders: Loaders): Promise<void> {
  try {
    const component = await loaders[kind]();
    failed.value = null;
    loaded.value = { ...loaded.peek(), [kind]: component };
  } catch (error) {
    failed.value = error as Error;
  }
}

export function MediaPanel(
  props: MediaPanelProps & { kind: MediaKind; loaders: Loaders },
): JSX.Element {
  const { kind, loaders, ...given } = props;
  useLayoutEffect(() => {
    if (loaded.peek()[kind] === undefined) void bring(kind, loaders);
  }, [kind, loaders]);
  const Loaded = loaded.value[kind];
  if (Loaded !== undefined) return <Loaded {...given} />;
  return (
    <figure
      class={`panel media ${kind}-panel`}
      data-key={panelId(given.metric, kind)}
      style={placeStyle(given.place)}
    >
      <figcaption>
        <h3>
          <KeyName name={given.metric.name} shown={given.metric.display_name} />
        </h3>
      </figcaption>
      {failed.value === null ? (
        <div class="media-skeleton" />
      ) : (
        <div class="panel-cover error" role="alert">
          <p>This part of the page cannot be loaded: {failed.value.message}</p>
          <button type="button" class="chip" onClick={() => void bring(kind, loaders)}>
            Try again
          </button>
        </div>
      )}
    </figure>
  );
}

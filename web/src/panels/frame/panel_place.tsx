/** What panels of every kind have in common: where they stand, and how their key is written. */
import type { JSX } from "preact";
import { prefixOf } from "../../state/sections.ts";

/** In CSS pixels, in the column of panels or on the full screen. */
export interface PanelPlace {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function placeStyle({ left, top, width, height }: PanelPlace): Record<string, string> {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

/** A key with its prefix in grey, or the name that whoever logged it wants to be shown. */
export function KeyName(props: { name: string; shown?: string | null | undefined }): JSX.Element {
  const { name, shown } = props;
  if (shown) return <b>{shown}</b>;
  const prefix = prefixOf(name);
  return (
    <>
      {prefix && <em>{prefix}/</em>}
      <b>{prefix ? name.slice(prefix.length + 1) : name}</b>
    </>
  );
}

/**
 * A name in a narrow place. Of a path or of a dotted one the end is kept as well, for those that stand in one
 * list begin alike: directories of one run, keys of one part of a config.
 */
import { Fragment, type JSX } from "preact";
import "../styles/path_name.css";

/** Letters at the end that stay when a name is cut. */
const TAIL = 7;

interface PathNameProps {
  name: string;
  /** Names of so many letters are seen whole, and stay in one piece. */
  fits: number;
  tail?: number;
}

export function PathName({ name, fits, tail = TAIL }: PathNameProps): JSX.Element {
  const parts = partsOf(name, fits, tail);
  if (parts === null) return <>{name}</>;
  return (
    <>
      <span class="sr">{name}</span>
      <span class="path-name" aria-hidden="true">
        <span>{parts[0]}</span>
        <span>{parts[1]}</span>
      </span>
    </>
  );
}

/** A name that may go on in a new line behind each of its parts. */
export function WrappedName({ name }: { name: string }): JSX.Element {
  const parts = name.split(/(?<=[/._])/);
  return (
    <>
      {parts.map((part, i) => (
        <Fragment key={i}>
          {i > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  );
}

/** What may be cut of a name and what stays; null for a name that stays in one piece. */
export function partsOf(name: string, fits: number, tail = TAIL): readonly [string, string] | null {
  if (name.length <= fits || !/[/.]/.test(name)) return null;
  return [name.slice(0, -tail), name.slice(-tail)];
}

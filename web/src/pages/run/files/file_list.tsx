/** Files as a tree of links whose folders open, with a field that finds them. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { formatSize } from "../../../base/sizes.ts";
import type { RunFile } from "../../../data/run_files.ts";
import { Icon } from "../../../widgets/icon.tsx";
import { VirtualRows } from "../../../widgets/virtual_rows.tsx";
import { foldersAbove, type TreeRow, treeRows } from "./file_tree.ts";
import "../../../styles/run_parts.css";
import "../../../styles/run_files.css";

const ROW = 26;
/** With more files than this folders are closed at first. */
const FEW = 60;

interface FileListProps {
  label: string;
  files: readonly RunFile[];
  /** The path of the file that is shown. */
  path: string;
  hrefOf: (path: string) => string;
  /** How many files there are, in words. */
  summary: string;
  /** How a file is called in the list, where that is not its name in the tree. */
  titleOf?: (file: RunFile) => string | undefined;
}

export function FileList(props: FileListProps): JSX.Element {
  const { label, files, path, hrefOf, summary, titleOf } = props;
  const [text, setText] = useState("");
  // Folders that somebody has opened or closed against what they are by themselves.
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const above = useMemo(() => new Set(foldersAbove(path)), [path]);
  const isOpenAtFirst = files.length <= FEW;

  const rows = useMemo(() => {
    const needle = text.trim().toLowerCase();
    if (needle !== "") {
      return treeRows(
        files.filter(({ name }) => name.toLowerCase().includes(needle)),
        () => true,
      );
    }
    return treeRows(files, (folder) => turned.has(folder) !== (isOpenAtFirst || above.has(folder)));
  }, [files, text, turned, above, isOpenAtFirst]);

  function turn(folder: string): void {
    const next = new Set(turned);
    if (!next.delete(folder)) next.add(folder);
    setTurned(next);
  }

  const isOpen = (i: number) => (rows[i + 1]?.depth ?? 0) > rows[i]!.depth;
  return (
    <nav class="file-list" aria-label={label}>
      <div class="file-find">
        <input
          type="search"
          placeholder="Find a file"
          aria-label="Find a file"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="quiet">{summary}</span>
      </div>
      {rows.length === 0 && <p class="file-hint">No file is called “{text}”.</p>}
      <VirtualRows
        label={label}
        count={rows.length}
        rowHeight={ROW}
        row={(i, top) => (
          <Row
            key={rows[i]!.path}
            row={rows[i]!}
            top={top}
            isOpen={isOpen(i)}
            isChosen={rows[i]!.path === path && rows[i]!.file !== null}
            href={hrefOf(rows[i]!.path)}
            title={rows[i]!.file === null ? undefined : titleOf?.(rows[i]!.file!)}
            onTurn={turn}
          />
        )}
      />
    </nav>
  );
}

interface RowProps {
  row: TreeRow;
  top: number;
  isOpen: boolean;
  isChosen: boolean;
  href: string;
  title: string | undefined;
  onTurn: (folder: string) => void;
}

function Row({ row, top, isOpen, isChosen, href, title, onTurn }: RowProps): JSX.Element {
  const style = { top: `${top}px`, paddingLeft: `${10 + row.depth * 14}px` };
  const size = <span class="file-size">{formatSize(row.size)}</span>;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualRows
    <div class="file-row" role="listitem" style={{ top: style.top }}>
      {row.file === null ? (
        <button
          type="button"
          aria-expanded={isOpen}
          style={{ paddingLeft: style.paddingLeft }}
          onClick={() => onTurn(row.path)}
        >
          <Icon name={isOpen ? "chevronDown" : "chevronRight"} />
          <span class="file-name">{row.name}</span>
          <span class="file-size">
            {groupDigits(row.count)} · {formatSize(row.size)}
          </span>
        </button>
      ) : (
        <a
          href={href}
          title={row.path}
          aria-current={isChosen ? "true" : undefined}
          style={{ paddingLeft: `${10 + row.depth * 14 + 20}px` }}
        >
          <span class="file-name">{title ?? row.name}</span>
          {size}
        </a>
      )}
    </div>
  );
}

/** Changes to files, removed lines in one colour and added ones in another, with both their numbers. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../../base/numbers.ts";
import { remembered } from "../../../state/remembered.ts";
import { Icon } from "../../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../../widgets/menu.tsx";
import { Toggle } from "../../../widgets/toggle.tsx";
import { useBytes } from "../files/file_bytes.ts";
import type { PreviewProps } from "../files/file_view.tsx";
import { LeftOut, Waiting } from "../files/preview_state.tsx";
import { type Reveal, TextLines } from "../text/text_lines.tsx";
import { type Patch, type PatchLine, readPatch } from "./patch.ts";
import "../../../styles/run_code.css";

const MOST = 16 << 20;
const MOST_OF_LINE = 10_000;
const SIGNS: Readonly<Record<string, string>> = { added: "+", removed: "−" };

export function PatchView({ file }: PreviewProps): JSX.Element {
  const loaded = useBytes(file, MOST);
  const { bytes, left } = loaded;
  const patch = useMemo(
    () => (bytes === null ? null : readPatch(new TextDecoder().decode(bytes))),
    [bytes],
  );
  if (patch === null) return <Waiting loaded={loaded} />;
  return (
    <>
      <PatchBody patch={patch} label={file.name} />
      <LeftOut left={left} />
    </>
  );
}

function PatchBody({ patch, label }: { patch: Patch; label: string }): JSX.Element {
  const [isWrapped, setWrapped] = remembered("patch-wrap", false);
  const [reveal, setReveal] = useState<Reveal | null>(null);
  const { files, lines } = patch;
  const count = `${groupDigits(files.length)} ${files.length === 1 ? "file" : "files"}`;
  const added = files.reduce((sum, one) => sum + one.added, 0);
  const removed = files.reduce((sum, one) => sum + one.removed, 0);
  return (
    <>
      <div class="part-bar">
        <Menu
          label={`${count}: go to one of them`}
          button={
            <>
              {count} <Icon name="chevronDown" />
            </>
          }
        >
          {(close) =>
            files.map((one) => (
              <MenuItem
                key={one.line}
                onPick={() => {
                  close();
                  setReveal({ index: one.line });
                }}
              >
                <span class="patch-path">{one.path}</span>
                <Counts added={one.added} removed={one.removed} />
              </MenuItem>
            ))
          }
        </Menu>
        <Counts added={added} removed={removed} />
        <span class="spread" />
        <Toggle label="Wrap" isOn={isWrapped.value} onTurn={setWrapped} />
      </div>
      <TextLines
        label={label}
        class="patch"
        count={lines.length}
        isWrapped={isWrapped.value}
        reveal={reveal}
        line={(n) => <Line key={n} line={lines[n]!} />}
      />
    </>
  );
}

function Counts({ added, removed }: { added: number; removed: number }): JSX.Element {
  return (
    <span class="patch-counts">
      <span class="plus">+{groupDigits(added)}</span>{" "}
      <span class="minus">−{groupDigits(removed)}</span>
    </span>
  );
}

function Line({ line }: { line: PatchLine }): JSX.Element {
  const { kind, text, before, after } = line;
  return (
    <div class={`text-line patch-${kind}`}>
      <span class="patch-numbers" aria-hidden="true">
        <span>{before}</span>
        <span>{after}</span>
      </span>
      <span class="patch-sign">
        {SIGNS[kind]}
        <span class="sr">{kind === "added" || kind === "removed" ? kind : ""}</span>
      </span>
      <code>{text.slice(0, MOST_OF_LINE)}</code>
    </div>
  );
}

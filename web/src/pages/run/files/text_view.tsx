/** A text file with the numbers of its lines, coloured by its language; what is no text says so. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { remembered } from "../../../state/remembered.ts";
import { writeLine } from "../../../state/route.ts";
import { Toggle } from "../../../widgets/toggle.tsx";
import { languageOf } from "../code/languages.ts";
import { tokenLines } from "../code/tokens.ts";
import { lineOfAddress } from "../text/line_address.ts";
import { TextLines } from "../text/text_lines.tsx";
import { useBytes } from "./file_bytes.ts";
import { isText } from "./file_kinds.ts";
import type { PreviewProps } from "./file_view.tsx";
import { LeftOut, Waiting } from "./preview_state.tsx";
import "../../../styles/run_code.css";

const MOST = 16 << 20;
/** Characters above which a text is not coloured. */
const MOST_COLOURED = 2_000_000;
const MOST_OF_LINE = 10_000;

export function TextView({ file }: PreviewProps): JSX.Element {
  const loaded = useBytes(file, MOST);
  const { bytes, left } = loaded;
  const text = useMemo(
    () => (bytes !== null && isText(bytes) ? new TextDecoder().decode(bytes) : null),
    [bytes],
  );
  if (bytes === null) return <Waiting loaded={loaded} />;
  if (text === null) {
    return <p class="file-hint">This is no text, and no kind of file that is shown here.</p>;
  }
  return (
    <>
      <TextBody name={file.name} text={text} />
      <LeftOut left={left} />
    </>
  );
}

/** A text as numbered lines. */
export function TextBody({ name, text }: { name: string; text: string }): JSX.Element {
  const [isWrapped, setWrapped] = remembered("file-wrap", false);
  const [current, setCurrent] = useState<number | null>(lineOfAddress);
  const lines = useMemo(() => {
    const language = text.length > MOST_COLOURED ? null : languageOf(name, text);
    return tokenLines(text, language);
  }, [name, text]);
  const reveal = useMemo(() => (current === null ? null : { index: current }), []);
  return (
    <>
      <TextLines
        label={name}
        count={lines.length}
        isWrapped={isWrapped.value}
        reveal={reveal}
        line={(n) => (
          <div key={n} class={`text-line${n === current ? " current" : ""}`}>
            <button
              type="button"
              class="line-number"
              tabIndex={-1}
              aria-label={`Line ${n + 1}: link to it`}
              onClick={() => {
                const isSame = n === current;
                setCurrent(isSame ? null : n);
                writeLine(isSame ? "" : `#L${n + 1}`);
              }}
            >
              {n + 1}
            </button>
            <code>
              {lines.at(n).map(([kind, part], i) => {
                const shown = part.slice(0, MOST_OF_LINE);
                return kind === "" ? (
                  shown
                ) : (
                  <span key={i} class={`t-${kind}`}>
                    {shown}
                  </span>
                );
              })}
            </code>
          </div>
        )}
      />
      <div class="file-float">
        <Toggle label="Wrap" isOn={isWrapped.value} onTurn={setWrapped} />
      </div>
    </>
  );
}

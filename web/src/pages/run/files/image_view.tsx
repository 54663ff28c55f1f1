/** An image file, on a ground that shows what is transparent; a click shows it pixel by pixel. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bytesHref, getFile, type RunFile } from "../../../data/run_files.ts";

const MOST_SVG = 8 << 20;

export function ImageView({ file }: { file: RunFile }): JSX.Element {
  const [isWhole, setWhole] = useState(true);
  const [size, setSize] = useState("");
  const [hasFailed, setFailed] = useState(false);
  const source = useSource(file);
  if (hasFailed) {
    return <p class="file-hint">The browser cannot show this as an image; it can be downloaded.</p>;
  }
  return (
    <div class={`file-image${isWhole ? " whole" : ""}`}>
      <button
        type="button"
        aria-pressed={!isWhole}
        aria-label={isWhole ? "Show pixel by pixel" : "Fit into the page"}
        title={isWhole ? "Show pixel by pixel" : "Fit into the page"}
        onClick={() => setWhole(!isWhole)}
      >
        {source !== "" && (
          <img
            src={source}
            alt={file.name}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setSize(`${naturalWidth} × ${naturalHeight}`)
            }
            onError={() => setFailed(true)}
          />
        )}
      </button>
      <p class="file-note">{size}</p>
    </div>
  );
}

/**
 * Where the picture is. The server does not say of any bytes that they are SVG: opened as a page they could run
 * scripts. In an image they cannot, so the page says it itself.
 */
function useSource(file: RunFile): string {
  const isDrawn = /\.svg$/i.test(file.name);
  const [source, setSource] = useState(isDrawn ? "" : bytesHref(file));
  useEffect(() => {
    if (!isDrawn) return;
    const abort = new AbortController();
    let made = "";
    getFile(file, abort.signal, MOST_SVG).then(
      (bytes) => {
        made = URL.createObjectURL(new Blob([bytes], { type: "image/svg+xml" }));
        setSource(made);
      },
      () => undefined,
    );
    return () => {
      abort.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [file.sha256, isDrawn]);
  return source;
}

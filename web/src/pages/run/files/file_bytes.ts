/** The bytes of the file that a preview shows. */
import { useEffect, useState } from "preact/hooks";
import type { RequestError } from "../../../data/client.ts";
import { getFile, type RunFile } from "../../../data/run_files.ts";

export interface Loaded {
  /** Null until they are there. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  readonly error: RequestError | null;
  /** How many bytes of the file were left out. */
  readonly left: number;
}

/** Reads at most so many of the first bytes. */
export function useBytes(file: RunFile, most: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ bytes: null, error: null, left: 0 });
  useEffect(() => {
    const abort = new AbortController();
    getFile(file, abort.signal, file.size > most ? most : undefined).then(
      (bytes) =>
        setLoaded({
          bytes: new Uint8Array(bytes),
          error: null,
          left: Math.max(0, file.size - bytes.byteLength),
        }),
      (error) => {
        if (!abort.signal.aborted) setLoaded({ bytes: null, error, left: 0 });
      },
    );
    return () => abort.abort();
  }, [file.sha256, file.size, most]);
  return loaded;
}

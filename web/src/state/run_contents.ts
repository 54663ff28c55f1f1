/** What the run of a run's page has beside its rows, and the files of it, kept up to date. */
import { effect, signal } from "@preact/signals";
import type { RequestError } from "../data/client.ts";
import { type Contents, getContents, getFiles, type RunFile } from "../data/run_files.ts";
import { paced } from "./pace.ts";
import type { Workspace } from "./workspace.ts";

/** A run that logs changes several times a second; what it has changes seldom. */
const REST_MS = 2000;

export class RunContents {
  /** Null until it is known. */
  readonly now = signal<Contents | null>(null);
  readonly error = signal<RequestError | null>(null);
  /** By name; null until they were asked for. */
  readonly files = signal<readonly RunFile[] | null>(null);
  readonly filesError = signal<RequestError | null>(null);
  private readonly areFilesWanted = signal(false);

  constructor(private readonly ws: Workspace) {}

  /** Reads, and follows the run, until the returned function is called. */
  watch(): () => void {
    const { ws } = this;
    const read = paced(() => this.read(), REST_MS);
    const readFiles = paced(() => this.readFiles(), REST_MS);
    const stopFirst = effect(() => {
      const uid = ws.detail.value?.uid;
      if (uid === undefined) return;
      read();
      if (this.areFilesWanted.value) readFiles();
    });
    const stopRest = ws.onChanged((runs) => {
      const uid = ws.detail.peek()?.uid;
      if (uid === undefined || (runs !== null && !runs.includes(uid))) return;
      read();
      if (this.areFilesWanted.peek()) readFiles();
    });
    return () => {
      stopFirst();
      stopRest();
      read.stop();
      readFiles.stop();
    };
  }

  /** Has the files read, now and whenever the run changes. */
  wantFiles(): void {
    this.areFilesWanted.value = true;
  }

  retryFiles(): void {
    void this.readFiles();
  }

  private async read(): Promise<void> {
    const uid = this.ws.detail.peek()?.uid;
    if (uid === undefined) return;
    try {
      const found = await getContents(uid);
      if (JSON.stringify(found) !== JSON.stringify(this.now.peek())) this.now.value = found;
      this.error.value = null;
    } catch (error) {
      this.error.value = error as RequestError;
    }
  }

  private async readFiles(): Promise<void> {
    const uid = this.ws.detail.peek()?.uid;
    if (uid === undefined) return;
    try {
      const found = await getFiles(uid);
      // The same list again, so that what is shown of it rests.
      if (JSON.stringify(found) !== JSON.stringify(this.files.peek())) this.files.value = found;
      this.filesError.value = null;
    } catch (error) {
      this.filesError.value = error as RequestError;
    }
  }
}

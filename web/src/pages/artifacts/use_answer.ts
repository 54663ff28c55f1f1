/** What a page has asked the server for, and what it had before while the next answer is on its way. */
import { useEffect, useState } from "preact/hooks";
import { RequestError } from "../../data/client.ts";
import type { Workspace } from "../../state/workspace.ts";

/** While runs log, a page asks anew at most this often. */
const PACE_MS = 3000;

export interface Answer<T> {
  value: T | null;
  error: RequestError | null;
}

/** Asks when `question` changes, which says all that the answer depends on. */
export function useAnswer<T>(question: string, ask: () => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { of: string }>({
    ...{ value: null, error: null, of: "" },
  });
  useEffect(() => {
    let isGone = false;
    ask().then(
      (value) => isGone || setAnswer({ value, error: null, of: question }),
      (caught: Error) => {
        const error =
          caught instanceof RequestError
            ? caught
            : new RequestError(0, "bad_answer", caught.message);
        if (!isGone) setAnswer({ value: null, error, of: question });
      },
    );
    return () => {
      isGone = true;
    };
  }, [question]);
  return answer;
}

/** A number that is another one when something of the project has changed. */
export function useChanges(ws: Workspace): number {
  const [moment, setMoment] = useState(0);
  useEffect(() => {
    let wait = 0;
    const stop = ws.onChanged(() => {
      if (wait !== 0) return;
      wait = window.setTimeout(() => {
        wait = 0;
        setMoment((old) => old + 1);
      }, PACE_MS);
    });
    return () => {
      stop();
      clearTimeout(wait);
    };
  }, [ws]);
  return moment;
}

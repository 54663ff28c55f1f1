/** Answers that the server has written into the page itself: what a workspace begins with costs no request. */

/** Addresses below the page's base whose answers come with the page and have not been taken. */
let coming: Set<string> | undefined;

function nameOf(url: string): string {
  return url.slice(document.baseURI.length);
}

/** Whether the page holds, or is going to hold, the answer to a GET of `url`. */
export function isInPage(url: string): boolean {
  coming ??= new Set(document.documentElement.dataset.answers?.split(" "));
  return coming.has(nameOf(url));
}

/** Nothing begins with what has not been asked for yet: whoever asks from now on wants to know what is true then. */
export function forgetAnswers(): void {
  coming = new Set();
}

/** That answer, which can be taken once; undefined where the server had to leave it out. */
export async function takeAnswer(url: string): Promise<unknown> {
  const name = nameOf(url);
  coming?.delete(name);
  // The script does not wait for the end of the page, which holds the answers.
  if (document.readyState === "loading") {
    await new Promise((done) =>
      document.addEventListener("DOMContentLoaded", done, { once: true }),
    );
  }
  const element = document.querySelector(`script[data-answer="${CSS.escape(name)}"]`);
  if (element === null) return undefined;
  element.remove();
  return JSON.parse(element.textContent!);
}

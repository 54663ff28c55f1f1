/** Copying text, on pages without TLS too. */

/** Copies a text; answers whether the browser allowed it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Absent on http:// pages of other machines, which is where many self-hosted servers are.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "sr";
  field.setAttribute("aria-hidden", "true");
  const focused = document.activeElement as HTMLElement | null;
  // Inside a modal dialog, what is outside cannot be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return isCopied;
}

/** Short notices at the bottom of the page, some with one thing to do about them. */
import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
  action: { label: string; run: () => void } | null;
}

export const toasts = signal<readonly Toast[]>([]);

const SHOWN_MS = 8000;
let nextId = 1;

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function notify(text: string, action: Toast["action"] = null): void {
  show({ id: nextId++, text, isError: false, action });
}

export function notifyError(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  show({ id: nextId++, text, isError: true, action: null });
}

function show(toast: Toast): void {
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => dismiss(toast.id), SHOWN_MS);
}

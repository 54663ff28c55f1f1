/** A sentence in the middle of a page, or of a part of it: why nothing else stands there, and what to do. */
import type { ComponentChildren, JSX } from "preact";

interface NoticeProps {
  title: string;
  isError?: boolean;
  children: ComponentChildren;
}

export function Notice({ title, isError = false, children }: NoticeProps): JSX.Element {
  return (
    <div class="notice" role={isError ? "alert" : "status"}>
      <h2>{title}</h2>
      {children}
    </div>
  );
}

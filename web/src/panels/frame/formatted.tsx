/** A text of a stranger, formatted; its code is loaded with the first one. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { safeElements } from "./markdown.ts";
import "../../styles/formatted.css";

export function Formatted(props: { text: string; format: "markdown" | "html" }): JSX.Element {
  const { text, format } = props;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    box.current!.replaceChildren(...safeElements(text, format));
  }, [text, format]);
  return <div ref={box} class="text-formatted" />;
}

/** Line icons, drawn on a grid of 16. They say nothing by themselves: their button has the label. */
import type { JSX } from "preact";

const PATHS = {
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  chevronDown: "M4 6l4 4 4-4",
  chevronRight: "M6 4l4 4-4 4",
  expand: "M9.5 2.500h4v4 M13.5 2.500l-4.5 4.5 M6.5 13.500h-4v-4 M2.5 13.500l4.5-4.5",
  pin: "M8 1.800l1.9 3.9 4.3.6-3.1 3 .7 4.300L8 11.600l-3.8 2 .7-4.3-3.1-3 4.3-.6Z",
  close: "M4 4l8 8 M12 4l-8 8",
  dots: "M3.5 8h.01 M8 8h.01 M12.5 8h.01",
  sun: "M8 10.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600Z M8 1.500v1.3 M8 13.200v1.3 M1.5 8h1.3 M13.2 8h1.3 M3.4 3.400l.9.9 M11.7 11.700l.9.9 M3.4 12.600l.9-.9 M11.7 4.300l.9-.9",
  moon: "M13.5 9.700A5.8 5.8 0 0 1 6.3 2.500a5.8 5.8 0 1 0 7.2 7.200Z",
  system: "M2 3h12v8.500H2Z M5.5 14h5",
  list: "M2.5 4h11 M2.5 8h11 M2.5 12h11",
  help: "M5.8 6a2.2 2.2 0 1 1 3.3 1.900c-.8.5-1.1.9-1.1 1.7 M8 12.200h.01",
  info: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12Z M8 7.500v3.500 M8 5h.01",
  up: "M8 13V3.5 M4 7l4-4 4 4",
  down: "M8 3v9.5 M4 9l4 4 4-4",
  columns: "M2.5 3h11v10h-11Z M8 3v10",
  grid: "M2.5 2.500h4.500v4.500h-4.500Z M9 2.500h4.500v4.500H9Z M2.5 9h4.500v4.500h-4.500Z M9 9h4.500v4.500H9Z",
  previous: "M10 4L6 8l4 4",
  next: "M6 4l4 4-4 4",
  sliders: "M2.5 5h7 M12.5 5h1 M2.5 11h1 M6.5 11h7 M11 3.500v3 M5 9.500v3",
  palette:
    "M8 2a6 6 0 1 0 0 12c1.200 0 1.500-.8 1.200-1.700-.4-1.200.3-2 1.500-2h1.500A1.800 1.800 0 0 0 14 8.500 6 6 0 0 0 8 2Z M5.2 7.500h.01 M8 5.200h.01 M10.8 7h.01",
  search: "M7 11.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z M10.4 10.400l3.1 3.1",
  play: "M5 3.200v9.600l7.500-4.800Z",
  pause: "M5.500 3.500v9 M10.500 3.500v9",
  plus: "M8 3.500v9 M3.500 8h9",
  minus: "M3.500 8h9",
  reset: "M3 8a5 5 0 1 0 1.6-3.700L3 5.8 M3 2.800v3h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} class={filled ? "filled" : undefined} />
    </svg>
  );
}

export function Mark(): JSX.Element {
  return (
    <svg class="mark-line" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
      <path d="M2 15C4 15 4.5 4 7 4s2.5 8 4.5 8S14 8.5 16 8.5" />
    </svg>
  );
}

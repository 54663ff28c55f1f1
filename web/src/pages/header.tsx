/** The one line at the top of every page. */
import type { ComponentChildren, JSX } from "preact";
import { formatMoment } from "../base/times.ts";
import type { Liveness } from "../data/stream.ts";
import { homeHref } from "../state/route.ts";
import { cycleTheme, themeChoice } from "../state/theme.ts";
import { Icon, type IconName, Mark } from "../widgets/icon.tsx";
import { isSheetOpen } from "./shortcuts.tsx";

interface HeaderProps {
  /** What stands behind the name: links to the levels above, the page itself last. */
  children?: ComponentChildren;
  liveness?: Liveness;
  heardAt?: number | null;
}

const LIVENESS: Record<Liveness, { word: string; title: string }> = {
  connecting: { word: "", title: "" },
  live: { word: "live", title: "The page follows the server." },
  reconnecting: { word: "reconnecting", title: "The server does not answer; trying again." },
  polling: { word: "polling", title: "No event stream: asking every 5 seconds." },
  paused: { word: "paused", title: "Paused while the tab is hidden." },
};

const THEMES: Record<string, { icon: IconName; label: string }> = {
  system: { icon: "system", label: "Theme: as the system" },
  light: { icon: "sun", label: "Theme: light" },
  dark: { icon: "moon", label: "Theme: dark" },
};

export function Header({ children, liveness, heardAt }: HeaderProps): JSX.Element {
  const shown = THEMES[themeChoice.value]!;
  return (
    <header class="top">
      <a class="mark" href={homeHref()}>
        <Mark />
        epochal
      </a>
      <nav class="crumbs" aria-label="Breadcrumb">
        {children}
      </nav>
      <span class="spread" />
      {liveness && <LiveMark liveness={liveness} heardAt={heardAt ?? null} />}
      <button
        type="button"
        class="icon-button"
        aria-label={shown.label}
        title={shown.label}
        onClick={cycleTheme}
      >
        <Icon name={shown.icon} />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        onClick={() => {
          isSheetOpen.value = true;
        }}
      >
        <Icon name="help" />
      </button>
    </header>
  );
}

function LiveMark(props: { liveness: Liveness; heardAt: number | null }): JSX.Element {
  const { word, title } = LIVENESS[props.liveness];
  const heard = props.heardAt === null ? "" : ` Last heard ${formatMoment(props.heardAt)}.`;
  return (
    <span class={`live ${props.liveness}`} title={title + heard} role="status">
      {word}
    </span>
  );
}

/** The one line at the top of every page. A page that is embedded has none. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { PALETTE_NAMES, PALETTES, paletteName } from "../base/palette.ts";
import { formatMoment } from "../base/times.ts";
import type { Liveness } from "../data/stream.ts";
import { whatMore } from "../state/has_more.ts";
import { hasHparams } from "../state/hparam_axes.ts";
import { type Bindings, keyHint } from "../state/keys.ts";
import {
  artifactsHref,
  homeHref,
  hparamsHref,
  isEmbedded,
  projectHref,
  sweepsHref,
  tableHref,
  viewHref,
} from "../state/route.ts";
import { setPalette, setTheme, type ThemeChoice, theme, themeChoice } from "../state/theme.ts";
import { redoLast, undoLast, undoStack } from "../state/undo.ts";
import type { Workspace } from "../state/workspace.ts";
import { Icon, type IconName, Mark } from "../widgets/icon.tsx";
import { Menu, MenuItem } from "../widgets/menu.tsx";
import { Colour } from "../widgets/swatch.tsx";
import { Age } from "./age.tsx";
import { isPaletteOpen } from "./palette/opening.ts";
import { isSheetOpen, useShortcuts } from "./shortcuts.tsx";
import { ShareMenu, shareLink } from "./views/share.tsx";
import { ViewChip } from "./views/view_chip.tsx";

interface HeaderProps {
  /** What stands behind the name: links to the levels above, the page itself last. */
  children?: ComponentChildren;
  /** The project that the page is about, and which of its pages it is (null: a run's). */
  ws?: Workspace;
  tab?: ProjectTab | null;
  /** Of a page without a project. */
  liveness?: Liveness;
  heardAt?: number | null;
}

export type ProjectTab = "workspace" | "table" | "hparams" | "artifacts" | "sweeps";
/** Pages that do not show the view of the others. */
const WITHOUT_VIEW: readonly (ProjectTab | null)[] = [null, "artifacts", "sweeps"];

const LIVENESS: Record<Liveness, { word: string; title: string }> = {
  connecting: { word: "", title: "" },
  live: { word: "live", title: "The page follows the server." },
  reconnecting: { word: "reconnecting", title: "The server does not answer; trying again." },
  polling: { word: "polling", title: "No event stream: asking every 5 seconds." },
  paused: { word: "paused", title: "Paused while the tab is hidden." },
};

const THEMES: Record<ThemeChoice, { icon: IconName; label: string; word: string }> = {
  system: { icon: "system", label: "Theme: as the system", word: "As the system" },
  light: { icon: "sun", label: "Theme: light", word: "Light" },
  dark: { icon: "moon", label: "Theme: dark", word: "Dark" },
};
/** Of each palette, in the menu. */
const SHOWN_COLOURS = 6;

export function Header(props: HeaderProps): JSX.Element | null {
  if (isEmbedded.value) return props.ws ? <ProjectKeys ws={props.ws} /> : null;
  const { children, ws, tab = null } = props;
  const isKnown = ws !== undefined && !ws.isUnknown.value;
  return (
    <header class="top">
      <a class="mark" href={homeHref()} aria-label="epochal: all projects">
        <Mark />
        <span class="word">epochal</span>
      </a>
      <nav class="crumbs" aria-label="Breadcrumb">
        {children}
      </nav>
      {isKnown && <ProjectTabs ws={ws} tab={tab} />}
      <span class="spread" />
      <HeaderLiveMark {...props} />
      {isKnown && !WITHOUT_VIEW.includes(tab) && <ViewChip ws={ws} />}
      <FindButton />
      {isKnown && <ShareMenu ws={ws} />}
      {ws && <ProjectKeys ws={ws} />}
      <PageButtons />
    </header>
  );
}

/** The pages of a project; a link to one of them shows the view that is shown here. */
function ProjectTabs({ ws, tab }: { ws: Workspace; tab: ProjectTab | null }): JSX.Element {
  const { entity, project } = ws;
  const saved = ws.address.saved.value;
  const more = whatMore(ws);
  const query = WITHOUT_VIEW.includes(tab) ? "" : ws.address.queryForLinks();
  const hasTrials = tab === "hparams" || hasHparams(ws.columns.value);
  const workspace =
    saved === null ? projectHref(entity, project) : viewHref(entity, project, saved.id);
  const nav = useRef<HTMLElement>(null);
  // On a phone not all fit: the one that is open is what must be read. Others come late and move it.
  useLayoutEffect(() => {
    const bar = nav.current!;
    const open = bar.querySelector<HTMLElement>("[aria-current]");
    if (open === null) return;
    const [box, at] = [bar.getBoundingClientRect(), open.getBoundingClientRect()];
    if (at.left < box.left || at.right > box.right) bar.scrollLeft += at.right - box.right;
  }, [tab, more.artifacts, more.sweeps, hasTrials]);
  return (
    <nav class="project-tabs" aria-label="Pages of the project" ref={nav}>
      <a href={workspace + query} aria-current={tab === "workspace" ? "page" : undefined}>
        Workspace
      </a>
      <a
        href={tableHref(entity, project) + query}
        aria-current={tab === "table" ? "page" : undefined}
      >
        Table
      </a>
      {/* What decides on these comes late: they are last, and nothing that stands behind them moves. */}
      {(tab === "artifacts" || more.artifacts) && (
        <a
          href={artifactsHref(entity, project)}
          aria-current={tab === "artifacts" ? "page" : undefined}
        >
          Artifacts
        </a>
      )}
      {(tab === "sweeps" || more.sweeps) && (
        <a href={sweepsHref(entity, project)} aria-current={tab === "sweeps" ? "page" : undefined}>
          Sweeps
        </a>
      )}
      {hasTrials && (
        <a
          href={hparamsHref(entity, project) + query}
          title="Hyperparameters and what came of them"
          aria-current={tab === "hparams" ? "page" : undefined}
        >
          Hparams
        </a>
      )}
    </nav>
  );
}

/** Keys of every page of a project. */
function ProjectKeys({ ws }: { ws: Workspace }): null {
  const bindings = useMemo(
    (): Bindings => ({
      undo: () => (undoStack.next.peek().undo === null ? false : undoLast()),
      redo: () => (undoStack.next.peek().redo === null ? false : redoLast()),
      link: () => void shareLink(ws),
    }),
    [ws],
  );
  useShortcuts(bindings);
  return null;
}

function FindButton(): JSX.Element {
  const hint = keyHint("palette");
  return (
    <button
      type="button"
      class="find"
      title={`Find runs, charts, columns, pages and actions (${hint})`}
      onClick={() => {
        isPaletteOpen.value = true;
      }}
    >
      <Icon name="search" />
      <span class="word">Find</span> <kbd>{hint}</kbd>
    </button>
  );
}

function PageButtons(): JSX.Element {
  return (
    <span class="page-buttons">
      <ThemeMenu />
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
    </span>
  );
}

/** Light and dark, and the palette of the runs: what this browser keeps. */
function ThemeMenu(): JSX.Element {
  const chosen = themeChoice.value;
  return (
    <Menu
      label={THEMES[chosen].label}
      class="icon-button"
      align="right"
      button={<Icon name={THEMES[chosen].icon} />}
    >
      {(close) => (
        <>
          <p class="menu-title">Theme</p>
          {(Object.keys(THEMES) as ThemeChoice[]).map((name) => (
            <MenuItem
              key={name}
              isChosen={name === chosen}
              onPick={() => {
                setTheme(name);
                close();
              }}
            >
              {THEMES[name].word}
            </MenuItem>
          ))}
          <p class="menu-title">Palette of the runs</p>
          {PALETTE_NAMES.map((name) => (
            <MenuItem
              key={name}
              isChosen={name === paletteName.value}
              onPick={() => {
                setPalette(name);
                close();
              }}
            >
              <span class="palette-name">{name}</span>
              {PALETTES[name].slice(0, SHOWN_COLOURS).map((paint, i) => (
                <Colour key={i} paint={paint} theme={theme.value} />
              ))}
            </MenuItem>
          ))}
        </>
      )}
    </Menu>
  );
}

function HeaderLiveMark({ ws, liveness, heardAt }: HeaderProps): JSX.Element | null {
  const now = ws ? ws.liveness.value : liveness;
  if (now === undefined) return null;
  const heard = (ws ? ws.heardAt.value : heardAt) ?? null;
  const { word, title } = LIVENESS[now];
  const last = heard === null ? "" : ` Last heard ${formatMoment(heard)}.`;
  const isStale = (now === "reconnecting" || now === "paused") && heard !== null;
  return (
    <span class={`live ${now}`} title={title + last} role="status">
      <span class="word">{word}</span>
      {isStale && <Age at={heard} />}
    </span>
  );
}

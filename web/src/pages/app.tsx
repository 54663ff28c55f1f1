/** The page that the address means, and what stands over every page. */
import type { JSX } from "preact";
import type { Bindings } from "../state/keys.ts";
import { homeHref, isEmbedded, type Route, route } from "../state/route.ts";
import { runQuestion } from "../state/run_actions.ts";
import { cycleTheme } from "../state/theme.ts";
import { dismiss, toasts } from "../state/toasts.ts";
import { newVersion } from "../state/viewer.ts";
import { Icon } from "../widgets/icon.tsx";
import { ErrorBoundary } from "./error_boundary.tsx";
import { Header } from "./header.tsx";
import { lazy } from "./lazy.tsx";
import { Notice } from "./notice.tsx";
import { isPaletteOpen } from "./palette/opening.ts";
import { Palette } from "./palette/palette.tsx";
import { isSheetOpen, ShortcutSheet, useShortcuts } from "./shortcuts.tsx";
import { WorkspacePage } from "./workspace/workspace_page.tsx";

// The workspace alone is in the page's first script: the budget of 120 kB (ui_spec.md, 12) is for what people wait for.
const HomePage = lazy<object>(async () => {
  const { HomePage } = await import("./home.tsx");
  return HomePage;
});

const RunPage = lazy<Extract<Route, { page: "run" }>>(async () => {
  const { RunPage } = await import("./run/run_page.tsx");
  return RunPage;
});

const TablePage = lazy<{ entity: string; project: string }>(async () => {
  const { TablePage } = await import("./table/table_page.tsx");
  return TablePage;
});

const HparamsPage = lazy<{ entity: string; project: string }>(async () => {
  const { HparamsPage } = await import("./hparams/hparams_page.tsx");
  return HparamsPage;
});

const ComparePage = lazy<{ entity: string; project: string }>(async () => {
  const { ComparePage } = await import("./compare/compare_page.tsx");
  return ComparePage;
});

const ArtifactsPage = lazy<{ entity: string; project: string; path: readonly string[] }>(
  async () => (await import("./artifacts/artifacts_page.tsx")).ArtifactsPage,
);

const SweepsPage = lazy<{ entity: string; project: string; sweep: string }>(
  async () => (await import("./sweeps/sweeps_page.tsx")).SweepsPage,
);

const RunQuestions = lazy<object>(
  async () => (await import("./workspace/run_questions.tsx")).RunQuestions,
);

const EVERYWHERE: Bindings = {
  palette: () => {
    isPaletteOpen.value = !isPaletteOpen.peek();
  },
  sheet: () => {
    isSheetOpen.value = !isSheetOpen.peek();
  },
  theme: cycleTheme,
};

export function App(): JSX.Element {
  useShortcuts(EVERYWHERE);
  return (
    <>
      {!isEmbedded.value && <NewVersion />}
      <Page />
      <ErrorBoundary what="A part of the page">
        <ShortcutSheet />
        {isPaletteOpen.value && <Palette />}
        {runQuestion.value && <RunQuestions />}
        <Toasts />
      </ErrorBoundary>
    </>
  );
}

/** The page of the address, under an error boundary of its own. */
function Page(): JSX.Element {
  const to = route.value;
  const name = "project" in to ? `${to.page} ${to.entity}/${to.project}` : to.page;
  return (
    <ErrorBoundary key={name} what="This page">
      <PageOf to={to} />
    </ErrorBoundary>
  );
}

/** Says that the server is of another version than the page. */
function NewVersion(): JSX.Element | null {
  const version = newVersion.value;
  if (version === null) return null;
  return (
    <div class="strip version-strip" role="status">
      The server now runs epochal {version}; this page is of the version before.
      <button type="button" class="chip" onClick={() => location.reload()}>
        Load it again
      </button>
    </div>
  );
}

function PageOf({ to }: { to: Route }): JSX.Element {
  switch (to.page) {
    case "home":
      return <HomePage />;
    case "workspace":
      return (
        <WorkspacePage key={`${to.entity}/${to.project}`} entity={to.entity} project={to.project} />
      );
    case "table":
      return (
        <TablePage key={`${to.entity}/${to.project}`} entity={to.entity} project={to.project} />
      );
    case "hparams":
      return (
        <HparamsPage key={`${to.entity}/${to.project}`} entity={to.entity} project={to.project} />
      );
    case "compare":
      return (
        <ComparePage key={`${to.entity}/${to.project}`} entity={to.entity} project={to.project} />
      );
    case "run":
      return <RunPage key={`${to.entity}/${to.project}/${to.run}`} {...to} />;
    case "artifacts":
      return <ArtifactsPage key={`${to.entity}/${to.project}`} {...to} />;
    case "sweeps":
      return <SweepsPage key={`${to.entity}/${to.project}`} {...to} />;
    default:
      return <UnknownPage />;
  }
}

function UnknownPage(): JSX.Element {
  return (
    <>
      <Header />
      <Notice title="There is no such page">
        <p>
          {location.pathname} leads nowhere. <a href={homeHref()}>All projects</a>
        </p>
      </Notice>
    </>
  );
}

function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div class={`toast${toast.isError ? " error" : ""}`} key={toast.id}>
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              class="link"
              onClick={() => {
                dismiss(toast.id);
                toast.action!.run();
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button
            type="button"
            class="icon-button"
            aria-label="Dismiss"
            onClick={() => dismiss(toast.id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

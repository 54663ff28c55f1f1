/** The page that the address means, and what stands over every page. */
import { Component, type ComponentChildren, type JSX } from "preact";
import type { Bindings } from "../state/keys.ts";
import { homeHref, route } from "../state/route.ts";
import { cycleTheme } from "../state/theme.ts";
import { dismiss, toasts } from "../state/toasts.ts";
import { Icon } from "../widgets/icon.tsx";
import { Header } from "./header.tsx";
import { HomePage } from "./home.tsx";
import { lazy } from "./lazy.tsx";
import { isPaletteOpen } from "./palette/opening.ts";
import { RunPage } from "./run/run_page.tsx";
import { isSheetOpen, ShortcutSheet, useShortcuts } from "./shortcuts.tsx";
import { Notice } from "./workspace/empty_panels.tsx";
import { WorkspacePage } from "./workspace/workspace_page.tsx";

const TablePage = lazy<{ entity: string; project: string }>(async () => {
  const { TablePage } = await import("./table/table_page.tsx");
  return TablePage;
});

const Palette = lazy(() => import("./palette/palette.tsx").then((module) => module.Palette));

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
    <ErrorBoundary>
      <Page />
      <ShortcutSheet />
      {isPaletteOpen.value && <Palette />}
      <Toasts />
    </ErrorBoundary>
  );
}

function Page(): JSX.Element {
  const to = route.value;
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
    case "run":
      return <RunPage key={`${to.entity}/${to.project}/${to.run}`} {...to} />;
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

/** Shows what broke instead of an empty page. */
class ErrorBoundary extends Component<{ children: ComponentChildren }, { error: Error | null }> {
  override state = { error: null as Error | null };

  override componentDidCatch(error: Error): void {
    console.error(error);
    this.setState({ error });
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Notice title="This page broke" isError>
        <pre>{error.stack ?? error.message}</pre>
        <button type="button" class="chip" onClick={() => location.reload()}>
          Load it again
        </button>
      </Notice>
    );
  }
}

/** Shows what broke instead of an empty page, and lets the reader go on from there. */
import { Component, type ComponentChildren } from "preact";
import { copyText } from "../state/clipboard.ts";
import { homeHref } from "../state/route.ts";
import { Notice } from "./notice.tsx";

interface BoundaryProps {
  /** What broke, as the notice names it. */
  what: string;
  children: ComponentChildren;
}

export class ErrorBoundary extends Component<BoundaryProps, { error: Error | null }> {
  override state = { error: null as Error | null };

  override componentDidCatch(error: Error): void {
    console.error(error);
    this.setState({ error });
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const details = error.stack ?? error.message;
    return (
      <Notice title={`${this.props.what} broke`} isError>
        <pre>{details}</pre>
        <p class="notice-actions">
          <button type="button" class="chip" onClick={() => this.setState({ error: null })}>
            Try again
          </button>
          <button type="button" class="chip" onClick={() => location.reload()}>
            Load the page again
          </button>
          <button type="button" class="chip" onClick={() => void copyText(details)}>
            Copy the details
          </button>
          <a href={homeHref()}>All projects</a>
        </p>
      </Notice>
    );
  }
}

/** The first cell of a row: eye, colour, name and state of a run. It stays in sight. */
import type { Run } from "../../data/wire.ts";
import { runHref } from "../../state/route.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { partsOf } from "../../widgets/path_name.tsx";
import { swatchBackground, swatchClass } from "../../widgets/swatch.tsx";
import { STATE_SHAPES, UNKNOWN_SHAPE } from "../run_state.tsx";

const SVG = "http://www.w3.org/2000/svg";

function make(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

function pieceOf(text: string): HTMLElement {
  const piece = document.createElement("span");
  piece.textContent = text;
  return piece;
}

/** Names of this many letters are seen whole, on a phone too. */
const SHORT = 12;

export class NameCell {
  readonly element = make("div", "grid-cell name");
  private readonly eye = make("button", "eye") as HTMLButtonElement;
  private readonly swatch = make("span", "swatch");
  private readonly link = make("a", "grid-name") as HTMLAnchorElement;
  private readonly state = make("span", "state");
  private readonly shape = document.createElementNS(SVG, "path");
  private readonly word = make("span", "sr");
  private readonly badge = make("span", "badge");
  private filled = "";

  constructor(id: string) {
    this.element.id = id;
    this.element.setAttribute("role", "gridcell");
    this.element.setAttribute("aria-colindex", "1");
    this.eye.type = "button";
    this.eye.tabIndex = -1;
    this.eye.title =
      "Show or hide in the charts. Alt: only this run. Shift: all from the last one.";
    this.eye.append(make("span", "eye-dot"));
    this.link.tabIndex = -1;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 8 8");
    svg.setAttribute("width", "8");
    svg.setAttribute("height", "8");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.shape);
    this.state.append(svg, this.word);
    this.badge.textContent = "archived";
    this.element.append(this.eye, this.swatch, this.link, this.state, this.badge);
  }

  fill(run: Run | undefined, isShown: boolean, ws: Workspace, chosen: string): void {
    const paint = run && ws.paint.peek()(run);
    const colour = paint ? swatchBackground(paint, theme.peek()) : "";
    const filled = [run?.uid, run?.name, run?.state, run?.archived, colour, isShown, chosen].join(
      "\n",
    );
    if (filled === this.filled) return;
    this.filled = filled;
    this.element.className = `grid-cell name${chosen}`;
    for (const part of [this.eye, this.swatch, this.link, this.state]) part.hidden = !run;
    this.badge.hidden = !run?.archived;
    if (!run) return;
    this.eye.setAttribute("aria-pressed", String(isShown));
    this.eye.setAttribute("aria-label", `Show ${run.name}`);
    this.swatch.className = swatchClass(paint!, !isShown);
    this.swatch.style.background = isShown ? colour : "";
    this.nameLink(run.name);
    this.link.title = run.name;
    this.link.href = runHref(run.entity, run.project, run.id);
    const known = STATE_SHAPES[run.state] ?? { shape: UNKNOWN_SHAPE, word: run.state };
    this.state.className = `state ${run.state}`;
    this.state.title = known.word;
    this.word.textContent = known.word;
    this.shape.setAttribute("d", known.shape);
  }

  private nameLink(name: string): void {
    const parts = partsOf(name, SHORT) ?? [name];
    this.link.classList.toggle("path-name", parts.length > 1);
    this.link.replaceChildren(...parts.map(pieceOf));
  }
}

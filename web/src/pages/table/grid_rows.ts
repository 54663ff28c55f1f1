/**
 * The cells of the table: a pool of elements that is filled anew as the table is scrolled.
 *
 * Not components: a far jump changes some 600 cells in one frame, and setting the texts that differ
 * takes a fifth of the time of comparing a tree of them (benchmarks/web_table.py).
 */
import { signal } from "@preact/signals";
import type { Run } from "../../data/wire.ts";
import type { CellRange, RunTable } from "../../state/table.ts";
import { describeColumn, NAME_WIDTH, type TableColumn } from "../../state/table_columns.ts";
import { aligned, cellText, columnValue, isAligned, numberOf, tailOf } from "./cell_text.ts";
import { NameCell } from "./name_cell.ts";

export const ROW_HEIGHT = 24;
export const HEAD_HEIGHT = 40;
/** Rows and columns beyond the edges that are kept filled. */
const ROWS_READY = 4;
const COLUMNS_READY = 1;
/** Columns beyond the edges that are read with those in sight, so that a short scroll shows no blanks. */
const COLUMNS_READ = 16;
/** Browsers lose precision in taller elements (Firefox gives up at 17.9 million px). */
export const MAX_HEIGHT = 15_000_000;
const MOST_TAIL = 9;
/** Beside frozen columns there must be room for others, in CSS pixels: a phone has it for none or one. */
const LEAST_SCROLLED = 120;

export interface ColumnSight {
  readonly first: number;
  readonly last: number;
}

interface CellSlot {
  readonly element: HTMLElement;
  column: number;
  text: string;
  look: string;
  fraction: string;
}

interface RowSlot {
  readonly element: HTMLElement;
  readonly name: NameCell;
  readonly cells: CellSlot[];
  /** One for each frozen column. */
  readonly frozen: CellSlot[];
  index: number;
}

/** What a place in the table belongs to. */
export interface Hit {
  readonly row: number;
  readonly column: number;
  readonly part: "eye" | "name" | "cell";
}

export class GridRows {
  /** Left edges of the columns, and the right edge of the last; from the end of the names on. */
  private lefts: number[] = [0];
  private columns: readonly TableColumn[] = [];
  private slots: RowSlot[] = [];
  private readonly bySlot = new WeakMap<Element, RowSlot>();
  /** Characters behind the decimal point, by column: the most that has been seen. */
  private readonly tails = new Map<string, number>();
  /** Columns in which a number was seen: their heads stand at the right, as the numbers do. */
  readonly numeric = signal<ReadonlySet<string>>(new Set());
  /** Columns that stay beside the names: as many of those asked for as leave room for others. */
  readonly frozen = signal(0);
  private frame = 0;
  private isStale = true;
  private sight: ColumnSight = { first: 0, last: -1 };
  private rowSight: readonly [number, number] = [0, -1];
  private width = 0;
  private height = 0;
  private nameWidth = NAME_WIDTH;
  private readonly observer: ResizeObserver;
  private readonly onScroll = () => this.ask();

  constructor(
    private readonly box: HTMLElement,
    private readonly rows: HTMLElement,
    private readonly table: RunTable,
    private readonly onColumns: (sight: ColumnSight) => void,
  ) {
    this.observer = new ResizeObserver(() => {
      this.width = box.clientWidth;
      this.height = box.clientHeight;
      this.nameWidth = widthOfNames();
      this.update();
    });
    this.observer.observe(box);
    box.addEventListener("scroll", this.onScroll, { passive: true });
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.box.removeEventListener("scroll", this.onScroll);
    this.rows.replaceChildren();
  }

  /** Fills every cell anew in the next frame. */
  update(): void {
    this.isStale = true;
    this.ask();
  }

  /** Left edge and width of a column, in the coordinates of the rows; of a frozen one while nothing is scrolled. */
  place(column: number): { left: number; width: number } {
    if (column < 0) return { left: 0, width: this.nameWidth };
    const left = this.lefts[column] ?? 0;
    return { left: this.nameWidth + left, width: (this.lefts[column + 1] ?? left) - left };
  }

  /** Where a column is seen now, in the coordinates of the rows. */
  placeSeen(column: number): { left: number; width: number } {
    const { left, width } = this.place(column);
    return { left: column < this.frozen.peek() ? left + this.box.scrollLeft : left, width };
  }

  /** The column at a place of the window, the last one beyond it. */
  columnUnder(clientX: number): number {
    const x = clientX - this.box.getBoundingClientRect().left;
    const count = this.columns.length;
    for (let at = 0; at < count; at++) {
      const { left, width } = this.placeSeen(at);
      if (x + this.box.scrollLeft < left + width) return at;
    }
    return count - 1;
  }

  /** From the left edge of the table to the end of what stays in sight. */
  private get frozenEdge(): number {
    return this.nameWidth + this.lefts[this.frozen.peek()]!;
  }

  /** Scrolls until a cell is seen whole. */
  reveal(row: number, column: number): void {
    const { box } = this;
    const top = row * ROW_HEIGHT;
    const seen = this.height - HEAD_HEIGHT;
    if (row >= 0) {
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + ROW_HEIGHT > box.scrollTop + seen) box.scrollTop = top + ROW_HEIGHT - seen;
    }
    if (column < this.frozen.peek()) return;
    const { left, width } = this.place(column);
    const edge = this.frozenEdge;
    if (left - edge < box.scrollLeft) box.scrollLeft = left - edge;
    else if (left + width > box.scrollLeft + this.width) {
      box.scrollLeft = Math.min(left - edge, left + width - this.width);
    }
  }

  /** Where a row is in the window; it may be out of sight. */
  boundsOf(row: number): { left: number; bottom: number } {
    const { left, top } = this.box.getBoundingClientRect();
    const below = HEAD_HEIGHT + (row + 1) * ROW_HEIGHT - this.box.scrollTop;
    return { left, bottom: top + below };
  }

  /** Rows that fit in the height of the table. */
  get pageRows(): number {
    return Math.max(1, Math.floor((this.height - HEAD_HEIGHT) / ROW_HEIGHT) - 1);
  }

  hit(target: EventTarget | null): Hit | null {
    const element = target as Element | null;
    const row = element?.closest?.("[role=row]");
    const slot = row ? this.bySlot.get(row) : undefined;
    if (!slot || !element) return null;
    const cell = element.closest("[role=gridcell]");
    const at = [...slot.frozen, ...slot.cells].find((one) => one.element === cell);
    if (at) return { row: slot.index, column: at.column, part: "cell" };
    const part = element.closest(".eye") ? "eye" : "name";
    return { row: slot.index, column: -1, part };
  }

  private ask(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { box, table } = this;
    const { scrollTop, scrollLeft } = box;
    if (this.isStale) this.layOut();
    const most = table.rows.matched.peek() - 1;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - ROWS_READY);
    const inSight = Math.ceil((this.height - HEAD_HEIGHT) / ROW_HEIGHT) + 2 * ROWS_READY;
    const last = Math.min(most, first + inSight);
    const from = scrollLeft + this.frozenEdge - this.nameWidth;
    const columns = this.columnsBetween(from, scrollLeft + this.width - this.nameWidth);
    const isOtherColumns = columns.first !== this.sight.first || columns.last !== this.sight.last;
    this.sight = columns;
    this.makeSlots(inSight + 1, columns.last - columns.first + 1);
    const range = table.range.peek();
    let isWidened = false;
    for (let index = first; index <= last; index++) {
      const slot = this.slots[index % this.slots.length]!;
      if (slot.index === index && !this.isStale && !isOtherColumns) continue;
      if (this.fill(slot, index, range)) isWidened = true;
    }
    for (const slot of this.slots) {
      if (slot.index >= 0 && (slot.index < first || slot.index > last)) this.hide(slot);
    }
    this.isStale = false;
    // A longer fraction moves the points of the whole column.
    if (isWidened) this.update();
    this.pointAtCursor();
    if (isOtherColumns) this.onColumns(columns);
    this.look([first, Math.max(first, last)], isOtherColumns);
  }

  private look(rows: readonly [number, number], isOtherColumns: boolean): void {
    if (rows[0] === this.rowSight[0] && rows[1] === this.rowSight[1] && !isOtherColumns) return;
    this.rowSight = rows;
    this.readSight();
  }

  /** Asks for what is looked at, and a little beside it. */
  private readSight(): void {
    const { first, last } = this.sight;
    const frozen = this.frozen.peek();
    const kept = this.columns.slice(0, frozen);
    const from = Math.max(frozen, first - COLUMNS_READ);
    const names = [...kept, ...this.columns.slice(from, last + COLUMNS_READ + 1)];
    this.table.rows.look({
      rows: this.rowSight,
      columns: names.map((one) => one.name).filter(isAsked),
    });
    const seen = [...kept, ...this.columns.slice(first, last + 1)];
    this.table.extremes.look(
      seen.filter((one) => one.shade !== "none" || isMarked(one.name)).map((one) => one.name),
    );
  }

  private layOut(): void {
    const columns = this.table.columns.peek();
    const count = this.table.rows.matched.peek();
    const lefts = [0];
    for (const column of columns) lefts.push(lefts.at(-1)! + column.width);
    const frozen = this.frozenAmong(lefts);
    const isOther = columns !== this.columns || frozen !== this.frozen.peek();
    this.columns = columns;
    this.lefts = lefts;
    this.frozen.value = frozen;
    this.rows.style.width = `${this.nameWidth + lefts.at(-1)!}px`;
    this.rows.style.height = `${Math.min(MAX_HEIGHT, count * ROW_HEIGHT)}px`;
    if (isOther) {
      for (const slot of this.slots) {
        for (const cell of slot.cells) cell.column = -1;
        this.freezeCells(slot, frozen);
      }
      // Whatever columns are in sight now, they are to be read.
      this.sight = { first: 0, last: -1 };
    }
  }

  private frozenAmong(lefts: readonly number[]): number {
    const room = this.width - this.nameWidth - LEAST_SCROLLED;
    let frozen = this.table.frozen.peek();
    while (frozen > 0 && lefts[frozen]! > room) frozen--;
    return frozen;
  }

  /** Gives a row its cells of frozen columns, which stick to their places. */
  private freezeCells(slot: RowSlot, frozen: number): void {
    while (slot.frozen.length > frozen) slot.frozen.pop()!.element.remove();
    while (slot.frozen.length < frozen) {
      const element = makeCell(`${slot.name.element.id}-${slot.frozen.length}`);
      // Beside the name: cells are heard in the order of the document.
      (slot.frozen.at(-1)?.element ?? slot.name.element).after(element);
      slot.frozen.push({ element, column: -1, text: "", look: "", fraction: "" });
    }
    slot.frozen.forEach((cell, at) => {
      const { left, width } = this.place(at);
      cell.column = at;
      cell.element.hidden = false;
      cell.element.style.left = `${left}px`;
      cell.element.style.width = `${width}px`;
      cell.element.setAttribute("aria-colindex", String(at + 2));
    });
  }

  private columnsBetween(from: number, to: number): ColumnSight {
    const { lefts } = this;
    const count = lefts.length - 1;
    const frozen = this.frozen.peek();
    let first = frozen;
    while (first < count && lefts[first + 1]! <= from) first++;
    let last = first;
    while (last < count - 1 && lefts[last + 1]! < to) last++;
    return {
      first: Math.max(frozen, first - COLUMNS_READY),
      last: Math.min(count - 1, last + COLUMNS_READY),
    };
  }

  private makeSlots(rows: number, columns: number): void {
    const wasMany = this.slots.length;
    if (wasMany < rows) for (const slot of this.slots) slot.index = -1;
    while (this.slots.length < rows) {
      const element = document.createElement("div");
      element.className = "grid-row";
      element.hidden = true;
      element.setAttribute("role", "row");
      const name = new NameCell(`grid-${this.slots.length}-name`);
      element.append(name.element);
      this.rows.append(element);
      const slot: RowSlot = { element, name, cells: [], frozen: [], index: -1 };
      this.freezeCells(slot, this.frozen.peek());
      this.bySlot.set(element, slot);
      this.slots.push(slot);
    }
    const most = this.slots[0]!.cells.length;
    if (most >= columns) return;
    this.slots.forEach((slot, at) => {
      for (const cell of slot.cells) cell.column = -1;
      while (slot.cells.length < columns) {
        const element = makeCell(`grid-${at}-${slot.cells.length}`);
        slot.element.append(element);
        slot.cells.push({ element, column: -1, text: "", look: "", fraction: "" });
      }
      slot.index = -1;
    });
  }

  private hide(slot: RowSlot): void {
    slot.index = -1;
    slot.element.hidden = true;
  }

  /** Fills a row; returns whether a column needs more room behind its points than it had. */
  private fill(slot: RowSlot, index: number, range: CellRange): boolean {
    const { table, columns, sight } = this;
    const { ws } = table;
    const run = table.runAt(index);
    if (slot.index !== index) {
      slot.index = index;
      slot.element.hidden = false;
      slot.element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
      slot.element.setAttribute("aria-rowindex", String(index + 2));
    }
    const isRowIn = index >= range.top && index <= range.bottom;
    const isShown = run !== undefined && ws.shownUids.peek().has(run.uid);
    const isLit = run !== undefined && ws.highlighted.peek() === run.uid;
    const isChosen = run !== undefined && ws.picks.uids.peek().has(run.uid);
    slot.element.className = `grid-row${run ? "" : " waiting"}${isShown ? "" : " off"}${isLit ? " lit" : ""}${isChosen ? " chosen" : ""}`;
    slot.name.fill(run, isShown, ws, lookOf(isRowIn && range.left < 0, this.isCursor(index, -1)));
    let isWidened = false;
    for (const cell of slot.frozen) {
      const at = cell.column;
      const isIn = isRowIn && at >= range.left && at <= range.right;
      const edge = at === slot.frozen.length - 1 ? " frozen edge" : " frozen";
      const look = edge + lookOf(isIn, this.isCursor(index, at));
      if (this.fillCell(cell, run, columns[at]!, look)) isWidened = true;
    }
    const isUsed = new Set<CellSlot>();
    for (let at = sight.first; at <= sight.last; at++) {
      const cell = slot.cells[at % slot.cells.length]!;
      isUsed.add(cell);
      if (cell.column !== at) this.placeCell(cell, at);
      const isIn = isRowIn && at >= range.left && at <= range.right;
      const look = lookOf(isIn, this.isCursor(index, at));
      if (this.fillCell(cell, run, columns[at]!, look)) isWidened = true;
    }
    for (const cell of slot.cells) {
      if (!isUsed.has(cell) && !cell.element.hidden) {
        cell.column = -1;
        cell.element.hidden = true;
      }
    }
    return isWidened;
  }

  private noteNumber(name: string): void {
    const known = this.numeric.peek();
    if (!known.has(name)) this.numeric.value = new Set([...known, name]);
  }

  private placeCell(cell: CellSlot, at: number): void {
    const { left, width } = this.place(at);
    cell.column = at;
    const { element } = cell;
    element.hidden = false;
    element.style.left = `${left}px`;
    element.style.width = `${width}px`;
    element.setAttribute("aria-colindex", String(at + 2));
  }

  private fillCell(
    cell: CellSlot,
    run: Run | undefined,
    column: TableColumn,
    chosen: string,
  ): boolean {
    const value = run && columnValue(run, column.name);
    const number = numberOf(value);
    let text = cellText(column.name, value);
    let look = `grid-cell${chosen}`;
    let fraction = "";
    let isWidened = false;
    if (number !== null) {
      this.noteNumber(column.name);
      look += " number";
      const tail = isAligned(column.name) ? Math.min(MOST_TAIL, tailOf(text)) : 0;
      const widest = this.tails.get(column.name) ?? 0;
      if (tail > widest) {
        this.tails.set(column.name, tail);
        isWidened = true;
      }
      if (widest + tail > 0) text = aligned(text, Math.max(tail, widest));
      const extremes = this.table.extremes.of(column.name);
      if (extremes !== null && extremes.min < extremes.max && Number.isFinite(number)) {
        if (column.shade !== "none") {
          look += ` ${column.shade}`;
          fraction = shareOf(number, extremes.min, extremes.max, column.shade).toFixed(3);
        }
        if (isMarked(column.name)) {
          if (number === extremes.min) look += " least";
          else if (number === extremes.max) look += " most";
        }
      }
    }
    if (cell.text !== text) {
      cell.text = text;
      cell.element.textContent = text;
    }
    if (cell.look !== look) {
      cell.look = look;
      cell.element.className = look;
    }
    if (cell.fraction !== fraction) {
      cell.fraction = fraction;
      cell.element.style.setProperty("--share", fraction);
    }
    return isWidened;
  }

  private isCursor(row: number, column: number): boolean {
    const cursor = this.table.cursor.peek();
    return cursor.row === row && cursor.column === column;
  }

  /** Names the element under the cursor to those who hear the page. */
  private pointAtCursor(): void {
    const { row, column } = this.table.cursor.peek();
    const slot = this.slots.find((one) => one.index === row);
    const cells = slot ? [...slot.frozen, ...slot.cells] : [];
    const cell = cells.find((one) => one.column === column);
    let id = cell?.element.id;
    if (slot && column < 0) id = slot.name.element.id;
    if (row < 0) id = headId(column);
    if (id !== undefined && document.getElementById(id)) {
      this.box.setAttribute("aria-activedescendant", id);
    } else this.box.removeAttribute("aria-activedescendant");
  }
}

function makeCell(id: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "grid-cell";
  element.id = id;
  element.setAttribute("role", "gridcell");
  element.hidden = true;
  return element;
}

export function headId(column: number): string {
  return `grid-head-${column}`;
}

/** Whether the smallest and largest number of a column are marked: of what came out, not of what was set. */
function isMarked(name: string): boolean {
  return describeColumn(name).group === "summary";
}

/** Whether the server has to be asked for a column: facts of the run come with every run. */
function isAsked(name: string): boolean {
  return name.includes(".");
}

function lookOf(isPicked: boolean, isCursor: boolean): string {
  return (isPicked ? " picked" : "") + (isCursor ? " cursor" : "");
}

/** How full a cell is: bars of what cannot be negative begin at zero. */
function shareOf(value: number, min: number, max: number, shade: "bar" | "heat"): number {
  const from = shade === "bar" && min > 0 ? 0 : min;
  return Math.max(0, Math.min(1, (value - from) / (max - from)));
}

/** The width of the column of names, which is narrower on a phone. */
function widthOfNames(): number {
  return innerWidth <= 720 ? 148 : NAME_WIDTH;
}

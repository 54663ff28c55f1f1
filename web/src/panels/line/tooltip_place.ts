/** Where a tooltip stands: beside the pointer, never on it, never beyond the page. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Between pointer and tooltip, and between tooltip and the page's edge, in CSS pixels. */
const AWAY = 16;
const EDGE = 8;

/** The corner of a tooltip of a size, for a pointer on a page of another size; all in CSS pixels. */
export function placeTooltip(
  box: Size,
  pointer: { left: number; top: number },
  page: Size,
): { left: number; top: number } {
  const inside = (wanted: number, size: number, room: number) =>
    Math.max(EDGE, Math.min(wanted, room - size - EDGE));
  const top = inside(pointer.top - box.height / 3, box.height, page.height);
  const right = pointer.left + AWAY;
  if (right + box.width + EDGE <= page.width) return { left: right, top };
  const left = pointer.left - AWAY - box.width;
  if (left >= EDGE) return { left, top };
  // On narrow pages there is room above or below only.
  const below = pointer.top + AWAY;
  const above = pointer.top - AWAY - box.height;
  const fits = below + box.height + EDGE <= page.height;
  return {
    left: inside(pointer.left - box.width / 2, box.width, page.width),
    top: fits ? below : Math.max(EDGE, above),
  };
}

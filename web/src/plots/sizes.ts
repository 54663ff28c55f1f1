/** The sizes of elements that plots fill, read together: setting a canvas to its size makes the page's layout stale. */

type Resized = (box: DOMRect) => void;

const watched = new Map<Element, Resized>();
let observer: ResizeObserver | undefined;

/**
 * Calls `resized` with the element's box (CSS pixels, of the viewport) once it has one and whenever its size changes,
 * until the returned function is called. The boxes of all elements that changed in a frame are read before the first
 * call: with an observer for each, twelve plots that were made or widened together laid the page out twelve times.
 */
export function watchSize(element: Element, resized: Resized): () => void {
  observer ??= new ResizeObserver((entries) => {
    const boxes = entries.map(({ target }) => target.getBoundingClientRect());
    for (const [i, { target }] of entries.entries()) {
      try {
        watched.get(target)?.(boxes[i]!);
      } catch (error) {
        reportError(error); // a plot that fails leaves the others their sizes
      }
    }
  });
  watched.set(element, resized);
  observer.observe(element);
  return () => {
    observer?.unobserve(element);
    watched.delete(element);
  };
}

/**
 * Texts of strangers as elements that can do nothing: no script, no style, no form, no request elsewhere.
 *
 * What is allowed is named; everything else goes. The page's content security policy stands behind it.
 */
import DOMPurify from "dompurify";
import { Marked } from "marked";

const TAGS = [
  ...["a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1"],
  ...["h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "s"],
  ...["small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th"],
  ...["thead", "tr", "u", "ul"],
];
// No class, id or style: a text cannot look like a part of the page or lie over it.
const ATTRIBUTES = ["alt", "align", "colspan", "href", "rowspan", "src", "start", "title", "open"];

/** Headings stand below that of the panel, an h3. */
const HEADING = 3;

const marked = new Marked({ gfm: true, async: false });

const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") tameLink(node);
  else if (node.tagName === "IMG") tameImage(node as HTMLImageElement);
});

function tameLink(link: Element): void {
  const address = addressOf(link.getAttribute("href"));
  if (address === null || !/^(https?|mailto):$/.test(address.protocol)) {
    link.removeAttribute("href");
    return;
  }
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}

/** An image of another origin would tell who reads the text: its words stand for it. */
function tameImage(image: HTMLImageElement): void {
  const address = addressOf(image.getAttribute("src"));
  if (address?.origin === location.origin && address.pathname.includes("/api/v1/blobs/")) return;
  const words = document.createElement("em");
  words.textContent = image.alt ? `[picture: ${image.alt}]` : "[picture]";
  image.replaceWith(words);
}

function addressOf(text: string | null): URL | null {
  try {
    return text === null ? null : new URL(text, document.baseURI);
  } catch {
    return null;
  }
}

/** The elements of a text in Markdown or HTML. */
export function safeElements(text: string, format: "markdown" | "html"): Node[] {
  const html = format === "html" ? text : (marked.parse(text) as string);
  // The document of templates loads and runs nothing, whatever stands in it. The nodes that are left are
  // taken as they are: what is never written out and read again cannot turn into something else.
  const inert = document.createElement("template").content.ownerDocument;
  const root = inert.createElement("div");
  root.innerHTML = html;
  purify.sanitize(root, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    IN_PLACE: true,
  });
  for (const heading of root.querySelectorAll("h1, h2, h3, h4, h5, h6")) lower(heading);
  return [...root.childNodes];
}

function lower(heading: Element): void {
  const level = Math.min(6, Number(heading.tagName[1]) + HEADING);
  const lowered = document.createElement(`h${level}`);
  lowered.append(...heading.childNodes);
  heading.replaceWith(lowered);
}

// What somebody wrote in Markdown, as elements: the kernel read it and sends nodes, no markup.

import { h } from "./dom.js";

/** @import { MarkdownNode } from "./questions.d.ts" */
/** @import { Child, Tag } from "./dom_types.d.ts" */

const TAGS = new Set(
  "p ul ol li blockquote table thead tbody tr th td em strong s code br hr h4 h5 h6".split(" "),
);
const WAYS = /^(https?|mailto):/i;
const ALIGNED = new Set(["left", "right", "center"]);

/** @param {MarkdownNode[]} nodes */
export function markdownElement(nodes) {
  return h("div", { class: "nbt-markdown", dir: "auto" }, nodes.map(childOf));
}

/** Of an unknown tag the text stays; a link says where it leads, and tells nobody who follows it.
 *  @param {MarkdownNode} node @returns {Node | string} */
function childOf(node) {
  const { tag, text = "", href = "", align = "", children = [] } = node;
  if (tag === "") return text;
  const inside = [text, children.map(childOf)];
  if (tag === "picture") return pictureWords(text);
  if (tag === "pre") return h("pre", { class: "nbt-code" }, h("code", {}, text));
  if (tag === "a" && WAYS.test(href)) return link(href, inside);
  if (!TAGS.has(tag)) return h("span", {}, inside);
  const look = ALIGNED.has(align) ? { style: { "text-align": align } } : null;
  return h(/** @type {Tag} */ (tag), look, inside);
}

/** @param {string} href @param {Child} inside */
function link(href, inside) {
  return h("a", { href, title: href, target: "_blank", rel: "noopener noreferrer" }, inside);
}

/** A picture is never fetched.
 *  @param {string} text */
function pictureWords(text) {
  const words = text ? `picture: ${text}` : "picture";
  return h("span", { class: "nbt-muted", title: "Pictures in notes are not loaded" }, `[${words}]`);
}

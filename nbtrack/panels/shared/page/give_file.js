// Giving something to the browser as a file.

import { h } from "./dom.js";

/** @param {Blob} blob @param {string} name */
export function giveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = h("a", { href: address, download: name, style: { display: "none" } });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

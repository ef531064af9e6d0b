// The bytes of an artifact, asked for in parts, and given to the browser as a file.

import { giveFile } from "../../shared/page/give_file.js";
import { nameOf } from "./artifact_tree.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { FilePart } from "./messages.d.ts" */

export const MOST_DOWNLOAD = 64 * 2 ** 20; // bytes; the kernel gives no more

/** `say(words)` is told how far it is. Rejects with the kernel's words.
 *  @param {PanelHost} host @param {string} runId @param {string} path
 *  @param {(words: string) => void} say */
export async function downloadArtifact(host, runId, path, say) {
  const parts = [];
  let had = 0;
  /** @type {number | null} */
  let offset = 0;
  while (offset !== null) {
    /** @type {FilePart} */
    const part = await host.ask("artifact_download", { run: runId, path, offset });
    const bytes = bytesOf(part.data);
    parts.push(bytes);
    had += bytes.length;
    if (part.next !== null) say(`${Math.floor((100 * had) / part.size)} %`);
    offset = part.next;
  }
  giveFile(new Blob(parts, { type: "application/octet-stream" }), nameOf(path));
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

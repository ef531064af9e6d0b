// The files of a run as a tree.

/** @import { ArtifactFile } from "./messages.d.ts" */

/** `count` is of all files below it; `folders` go by their names.
 *  @typedef {{
 *    name: string,
 *    path: string,
 *    count: number,
 *    folders: Map<string, Folder>,
 *    files: ArtifactFile[],
 *  }} Folder */

/** @param {ArtifactFile[]} files sorted by path */
export function treeOf(files) {
  const root = emptyFolder("");
  for (const file of files) {
    let folder = root;
    folder.count++;
    for (const path of foldersOf(file.path)) {
      folder = folderIn(folder, path);
      folder.count++;
    }
    folder.files.push(file);
  }
  return root;
}

/** @param {Folder} above @param {string} path */
function folderIn(above, path) {
  const name = nameOf(path);
  const folder = above.folders.get(name) ?? emptyFolder(path);
  above.folders.set(name, folder);
  return folder;
}

/** @param {string} path @returns {Folder} */
function emptyFolder(path) {
  return { name: nameOf(path), path, count: 0, folders: new Map(), files: [] };
}

/** a, a/b for a/b/c.txt
 *  @param {string} path */
export function foldersOf(path) {
  const names = path.split("/").slice(0, -1);
  return names.map((_, n) => names.slice(0, n + 1).join("/"));
}

/** c.txt for a/b/c.txt
 *  @param {string} path */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

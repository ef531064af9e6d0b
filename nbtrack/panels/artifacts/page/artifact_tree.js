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

// What is looked at first, the best first: files of a model say little.
const LOOKS = [
  /\.(png|jpe?g|gif|webp|svg|bmp|vl\.json)$/i,
  /\.(csv|tsv|parquet)$/i,
  /\.(md|markdown)$/i,
  /\.(html?|json|txt)$/i,
];

/** The path of the file that is shown at once; null where none is worth it.
 *  @param {ArtifactFile[]} files */
export function firstLook(files) {
  const models = modelFolders(files);
  const others = files.filter(
    ({ path, state }) => state !== "missing" && !foldersOf(path).some((each) => models.has(each)),
  );
  const found = LOOKS.map((look) => others.find(({ path }) => look.test(path)));
  return found.find((file) => file !== undefined)?.path ?? null;
}

/** @param {{ path: string }[]} files */
export function modelFolders(files) {
  const models = files.filter(({ path }) => path.endsWith("/MLmodel"));
  return new Set(models.map(({ path }) => path.slice(0, -"/MLmodel".length)));
}

/** c.txt for a/b/c.txt
 *  @param {string} path */
export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

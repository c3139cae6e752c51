/** Names with slashes as folders. */

/**
 * @template {{ name: string }} T
 * @typedef {{ name: string, path: string, folders: Folder<T>[], files: T[] }} Folder
 */

/**
 * @template {{ name: string }} T
 * @param {readonly T[]} files
 * @returns {Folder<T>} the root; folders by their names, files in the order in which they came
 */
export function folderTree(files) {
  /** @type {Folder<T>} */
  const root = { name: '', path: '', folders: [], files: [] };
  for (const file of files) {
    let place = root;
    for (const part of file.name.split('/').slice(0, -1)) {
      const path = place.path === '' ? part : `${place.path}/${part}`;
      let folder = place.folders.find((each) => each.name === part);
      if (!folder) place.folders.push((folder = { name: part, path, folders: [], files: [] }));
      place = folder;
    }
    place.files.push(file);
  }
  sortFolders(root);
  return root;
}

/** @template {{ name: string }} T @param {Folder<T>} folder */
function sortFolders({ folders }) {
  folders.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  folders.forEach(sortFolders);
}

/** The workflows that the server keeps for the user: what the browser of workflows does with them. */

import { ServerError } from '../net/server-error.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { StoredWorkflow } from '../types/files.d.ts' */

const FOLDER = 'workflows';
const TRASH = 'trash';
/** What the list of those that were used last is called. */
const RECENT = 'workflows';

/** @param {string} name @returns {string} its file among those of the user */
export const fileOf = (name) => `${FOLDER}/${name}.json`;

/**
 * A name as the server takes it: no empty parts, no parts that climb.
 * @param {string} name
 */
export const plainName = (name) =>
  name
    .split(/[/\\]/)
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');

/** @param {Application} editor @returns {Promise<StoredWorkflow[]>} the newest first */
export async function storedWorkflows({ userFiles }) {
  const files = await userFiles.list(FOLDER);
  return files
    .filter(({ path }) => /\.json$/i.test(path))
    .map(({ path, modified, size }) => ({ path, name: path.replace(/\.json$/i, ''), modified, size }))
    .sort((a, b) => b.modified - a.modified);
}

/** The names that were opened or saved last, the last one first. @param {Application} editor */
export const recentWorkflows = ({ widgets }) => widgets.recent(RECENT);

/** @param {Application} editor @param {string} name */
export const rememberWorkflow = ({ widgets }, name) => widgets.remember(RECENT, name);

/**
 * @param {Application} editor
 * @param {string} from
 * @param {string} to
 * @returns {Promise<boolean>} false when another workflow has the name
 */
export async function renameWorkflow(editor, from, to) {
  try {
    const { etag } = await editor.userFiles.move(fileOf(from), fileOf(to));
    editor.tabs.renamed(from, to, etag);
    rememberWorkflow(editor, to);
    return true;
  } catch (error) {
    if (error instanceof ServerError && error.status === 409) return false;
    throw error;
  }
}

/** @param {Application} editor @param {string} name @returns {Promise<string>} its name */
export async function duplicateWorkflow(editor, name) {
  const { content } = await editor.userFiles.read(fileOf(name));
  return storeNew(editor, name, content);
}

/**
 * Store under a name, or the first one like it that is free.
 * @param {Application} editor
 * @param {string} wanted
 * @param {import('../types/spec.d.ts').Json} content
 * @returns {Promise<string>} its name
 */
export async function storeNew(editor, wanted, content) {
  const taken = new Set((await storedWorkflows(editor)).map(({ name }) => name));
  for (;;) {
    const name = freeName(wanted, taken);
    if (await created(editor, name, content)) return name;
    taken.add(name);
  }
}

/** @param {string} wanted @param {ReadonlySet<string>} taken */
function freeName(wanted, taken) {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/ \(\d+\)$/, '');
  for (let count = 2; ; count += 1) if (!taken.has(`${stem} (${count})`)) return `${stem} (${count})`;
}

/** @param {Application} editor @param {string} name @param {import('../types/spec.d.ts').Json} content */
async function created(editor, name, content) {
  try {
    await editor.userFiles.write(fileOf(name), /** @type {object} */ (content), { overwrite: false });
    return true;
  } catch (error) {
    if (error instanceof ServerError && error.status === 409) return false;
    throw error;
  }
}

/**
 * @param {Application} editor
 * @param {string} name
 * @returns {Promise<() => Promise<void>>} brings it back
 */
export async function deleteWorkflow(editor, name) {
  const place = await editor.userFiles.throwAway(fileOf(name));
  return () => restoreWorkflow(editor, place);
}

/** @param {Application} editor @returns {Promise<{ place: string, name: string, time: number }[]>} the last one first */
export async function deletedWorkflows({ userFiles }) {
  const files = await userFiles.list(TRASH);
  return files
    .flatMap(({ path }) => {
      const [, time, name] = /^(\d+)\/workflows\/(.+)\.json$/.exec(path) ?? [];
      return time !== undefined && name !== undefined ? [{ place: `${TRASH}/${path}`, name, time: Number(time) }] : [];
    })
    .sort((a, b) => b.time - a.time);
}

/** Under the name that it had, or another one if that was taken meanwhile. @param {Application} editor @param {string} place */
export async function restoreWorkflow(editor, place) {
  const before = place.replace(/^trash\/\d+\/workflows\//, '').replace(/\.json$/, '');
  const taken = new Set((await storedWorkflows(editor)).map(({ name }) => name));
  for (;;) {
    const name = freeName(before, taken);
    if (await moved(editor, place, fileOf(name))) return;
    taken.add(name);
  }
}

/** @param {Application} editor @param {string} from @param {string} to */
async function moved({ userFiles }, from, to) {
  try {
    await userFiles.move(from, to);
    return true;
  } catch (error) {
    if (error instanceof ServerError && error.status === 409) return false;
    throw error;
  }
}

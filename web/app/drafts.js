/**
 * The draft: the open document as it is, kept apart from saved files, so that a reload, a crash or a closed window
 * loses nothing. Each window has its own; a window never writes another's.
 */

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @typedef {object} Draft
 * @property {string} name
 * @property {string | null} storedAs
 * @property {boolean} dirty
 * @property {number} time milliseconds since the epoch
 * @property {[string, Json][]} queuedSeeds
 * @property {[string, readonly PictureRef[]][]} pictures what nodes show
 * @property {Json} document
 */

const PREFIX = 'safelight.draft.';
const WINDOW_KEY = 'safelight.window';
const FOLDER = 'drafts';
const LOCAL_DELAY_MS = 300;
const SERVER_DELAY_MS = 3000;
const KEPT = 12;

/**
 * The id of this window. It stays over a reload; a duplicated window gets its own; a new window takes over the draft
 * of the window that was closed last.
 * @returns {Promise<{ id: string, known: boolean }>} `known`: the id had a window before, so that there may be a draft
 */
export async function claimWindow() {
  const candidates = [sessionStorage.getItem(WINDOW_KEY), ...localDrafts().map(({ id }) => id)];
  for (const id of new Set(candidates)) {
    if (id !== null && (await lock(id))) return remember(id, true);
  }
  const fresh = crypto.getRandomValues(new Uint32Array(2)).join('-');
  await lock(fresh);
  return remember(fresh, false);
}

/** @param {string} id @param {boolean} known */
function remember(id, known) {
  sessionStorage.setItem(WINDOW_KEY, id);
  return { id, known };
}

/**
 * Hold a window's id for as long as the window lives. Where the page's connection is not secure there are no locks,
 * and a window keeps only the id that it had.
 * @param {string} id
 * @returns {Promise<boolean>} false when another window holds it
 */
async function lock(id) {
  if (!navigator.locks) return sessionStorage.getItem(WINDOW_KEY) === id;
  return new Promise((resolve) => {
    void navigator.locks.request(`${PREFIX}${id}`, { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held === null ? undefined : new Promise(() => {});
    });
  });
}

/** @returns {{ id: string, time: number }[]} newest first */
function localDrafts() {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const drafts = keys.map((key) => ({ id: key.slice(PREFIX.length), time: readLocal(key)?.time ?? 0 }));
  return drafts.sort((a, b) => b.time - a.time);
}

/** @param {string} key @returns {Draft | null} */
function readLocal(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * Open the window's draft.
 * @param {Application} editor
 * @param {string} id
 * @returns {Promise<boolean>} false when there is none
 */
export async function restoreDraft(editor, id) {
  const draft = readLocal(PREFIX + id) ?? (await readServer(editor, id));
  if (!draft) return false;
  editor.files.openJson(draft.document, draft.name);
  editor.storedAs.set(draft.storedAs);
  editor.queuedSeeds = new Map(draft.queuedSeeds);
  editor.run.restorePictures(draft.pictures);
  editor.history.clear(!draft.dirty);
  return true;
}

/** @param {Application} editor @param {string} id @returns {Promise<Draft | null>} */
async function readServer({ client }, id) {
  const path = `${id}.json`;
  const stored = await client.stored(FOLDER);
  if (!stored.some((file) => file.path === path)) return null;
  return /** @type {Draft | null} */ (/** @type {unknown} */ (await client.readStored(`${FOLDER}/${path}`)));
}

/**
 * Keep the draft up to date from now on.
 * @param {Application} editor
 * @param {string} id
 * @returns {() => void} ends it
 */
export function keepDraft(editor, id) {
  let localTimer = 0;
  let serverTimer = 0;
  const draft = () => ({
    name: editor.name.peek(),
    storedAs: editor.storedAs.peek(),
    dirty: editor.dirty.peek(),
    time: Date.now(),
    queuedSeeds: [...editor.queuedSeeds],
    pictures: editor.run.savedPictures(),
    document: editor.toFile(),
  });
  const keepLocal = () => {
    clearTimeout(localTimer);
    localTimer = 0;
    writeLocal(PREFIX + id, JSON.stringify(draft()));
  };
  const keepOnServer = () => {
    serverTimer = 0;
    // A server that is away does not matter here: the local copy is there, and the next edit tries again.
    editor.client.store(`${FOLDER}/${id}.json`, draft(), true).catch(() => undefined);
  };
  const changed = () => {
    localTimer ||= setTimeout(keepLocal, LOCAL_DELAY_MS);
    clearTimeout(serverTimer);
    serverTimer = setTimeout(keepOnServer, SERVER_DELAY_MS);
  };
  const ends = [editor.document.onChange(changed), editor.name.subscribe(changed), editor.dirty.subscribe(changed)];
  addEventListener('pagehide', keepLocal);
  return () => {
    keepLocal();
    clearTimeout(serverTimer);
    removeEventListener('pagehide', keepLocal);
    for (const end of ends) end();
  };
}

/** Room is made by dropping the oldest drafts. @param {string} key @param {string} text */
function writeLocal(key, text) {
  const others = localDrafts().filter(({ id }) => PREFIX + id !== key);
  for (const { id } of others.splice(KEPT)) localStorage.removeItem(PREFIX + id);
  for (;;) {
    try {
      localStorage.setItem(key, text);
      return;
    } catch {
      const oldest = others.pop();
      if (!oldest) return;
      localStorage.removeItem(PREFIX + oldest.id);
    }
  }
}

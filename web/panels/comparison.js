/** Comparing two states of a workflow: the later one is open in a tab, the earlier one is drawn over it. */

import { fileOf } from '../app/stored-workflows.js';
import { openMenu } from '../ui/menu.js';
import { showComparison } from './comparison-view.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NamedState } from '../types/files.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

const MOST_LISTED = 60;

/**
 * What has become of a state in the document that is open; it follows what is done.
 * @param {Application} editor
 * @param {NamedState} before
 */
export function compareWithPresent(editor, before) {
  showComparison(editor, before, editor.tabs.shown.peek());
}

/**
 * Two states, neither of which is open: the later one is opened for it.
 * @param {Application} editor
 * @param {NamedState} before
 * @param {NamedState} after
 */
export function compareStates(editor, before, after) {
  showComparison(editor, before, editor.tabs.open(after.contents, { name: after.title }));
}

/** Ask what to compare the open document with. @param {Application} editor */
export async function chooseAndCompare(editor) {
  const anchor = document.querySelector('.file-button');
  const { t } = editor;
  const entries = await otherStates(editor, (state) => compareWithPresent(editor, state));
  openMenu(entries, anchor instanceof HTMLElement ? anchor : { x: 80, y: 60 }, { label: t('command.file.compare') });
}

/**
 * What a state can be compared with: other open workflows, stored ones, a file.
 * @param {Application} editor
 * @param {(state: NamedState) => void} choose
 * @returns {Promise<MenuEntry[]>}
 */
export async function otherStates(editor, choose) {
  const { files, t, tabs, userFiles } = editor;
  const read = (/** @type {() => Promise<NamedState | null>} */ load) => () =>
    void editor.attempt(async () => {
      const state = await load();
      if (state) choose(state);
    });
  const open = tabs.list.peek().flatMap((tab) => {
    const title = tab.name.peek() || t('files.untitled');
    const { parked } = tab;
    return parked ? [{ label: title, run: () => choose({ title, contents: parked.contents }) }] : [];
  });
  const stored = (await files.stored().catch(() => [])).slice(0, MOST_LISTED).map(({ name }) => ({
    label: name,
    run: read(async () => ({
      title: name,
      contents: files.readContents((await userFiles.read(fileOf(name))).content),
    })),
  }));
  return [
    { label: t('difference.open'), icon: 'file', items: open, disabled: open.length === 0 },
    { label: t('files.saved-workflows'), icon: 'clock', items: stored, disabled: stored.length === 0 },
    { label: t('difference.file'), icon: 'folder', run: read(() => chosenFile(editor)) },
  ];
}

/** @param {Application} editor @returns {Promise<NamedState | null>} */
function chosenFile(editor) {
  return new Promise((resolve, reject) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = '.json,image/png,image/webp,image/jpeg';
    input.oncancel = () => resolve(null);
    input.onchange = () => {
      const file = input.files?.[0];
      if (!file) return resolve(null);
      editor.files
        .readFile(file)
        .then((found) =>
          resolve(found === null ? null : { title: file.name, contents: editor.files.readContents(found) }),
        )
        .catch(reject);
    };
    input.click();
  });
}

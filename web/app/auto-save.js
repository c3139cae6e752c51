/** Saving the stored file by itself, for those who want it: some seconds after the last change. */

/** @import { Application } from '../types/app.d.ts' */

const QUIET_MS = 5000;

/**
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followAutoSave(editor) {
  const { document, dirty, files, name, preferences, storedAs, tabs } = editor;
  const wanted = preferences.of('files.auto-save');
  let timer = 0;
  /** The file that somebody else has changed: it is left alone until it is saved by hand. @type {string | null} */
  let refused = null;
  const changed = () => {
    clearTimeout(timer);
    if (!tabs.switching && wanted.peek() === true) timer = setTimeout(() => void save(), QUIET_MS);
  };
  async function save() {
    clearTimeout(timer);
    timer = 0;
    const stored = storedAs.peek();
    if (stored === null || stored !== name.peek() || !dirty.peek() || stored === refused) return;
    try {
      await files.saveQuietly();
    } catch {
      // The draft keeps it; saving by hand says what is wrong.
      refused = stored;
      editor.notify('warning', editor.t('files.auto-save-failed', { name: stored }));
    }
  }
  const ends = [
    document.onChange(changed),
    tabs.onParked(() => timer !== 0 && void save()),
    wanted.subscribe(changed),
    dirty.subscribe((is) => {
      if (!is) refused = null;
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}

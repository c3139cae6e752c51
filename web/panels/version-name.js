/** Asking for the name of a version. */

import { askText } from './ask-text.js';

/** @import { Application } from '../types/app.d.ts' */

/** @param {Application} editor @param {string} before @returns {Promise<string | null>} */
export function askVersionName(editor, before) {
  const { t } = editor;
  const title = t('command.file.keep-version');
  return askText(editor, { title, label: t('versions.name'), value: before, action: t('versions.keep') });
}

/** Workflows from what Stable Diffusion WebUI writes into pictures: the server makes them. */

import { FormatError } from '../core/format.js';
import { h } from '../ui/dom.js';
import { openDialog } from '../ui/dialog.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** Steps among entries with commas between them: no prompt has that by chance. */
const ENTRIES = /(?:^|,)[ \t]*Steps:[ \t]*\d+,/m;
const LONGEST_NAME = 40;

/** @param {string} text */
export const isInfotext = (text) => ENTRIES.test(text);

/**
 * The workflow of a picture's texts; what it could not take over is told.
 * @param {Application} editor
 * @param {ReadonlyMap<string, string>} texts
 * @returns {Promise<Json | null>} null where no text says how the picture was made
 */
export async function workflowOfTexts(editor, texts) {
  // What else is called so may be anything: a camera's note, a prompt.
  if (!isInfotext(texts.get('parameters') ?? '') && texts.get('Software') !== 'NovelAI') return null;
  const { workflow, notices } = await editor.client.workflowOfTexts(Object.fromEntries(texts));
  if (notices.length > 0) tell(editor, notices);
  return workflow;
}

/** @param {Application} editor @param {readonly string[]} notices */
function tell(editor, notices) {
  const { t, translator } = editor;
  const show = () =>
    void openDialog({
      title: t('infotext.title'),
      closeLabel: t('ui.close'),
      body: h('ul', { class: 'infotext-notices' }, notices.map((notice) => h('li', null, translator.sentence(notice)))),
    });
  const text = t(notices.length === 1 ? 'infotext.notices.one' : 'infotext.notices', { count: notices.length });
  editor.notify('warning', text, { label: t('infotext.show'), run: show });
}

/**
 * Open the workflow of a text, if it is one of the WebUI's.
 * @param {Application} editor
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function openInfotext(editor, text) {
  if (!isInfotext(text)) return false;
  const workflow = await workflowOfTexts(editor, new Map([['parameters', text]]));
  if (workflow === null) throw new FormatError('format.not-a-workflow');
  editor.files.openJson(workflow, nameOf(text, editor.t('infotext.name')));
  return true;
}

/** The beginning of the prompt. @param {string} text @param {string} otherwise */
function nameOf(text, otherwise) {
  const [line = ''] = text.split('\n');
  const words = line.replace(/[^\p{Letter}\p{Number} _-]+/gu, ' ').replace(/ +/g, ' ').trim();
  return isInfotext(line) || words === '' ? otherwise : words.slice(0, LONGEST_NAME).trim();
}

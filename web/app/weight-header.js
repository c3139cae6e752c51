/** Of files with weights, which may be many gigabytes: their header, and what that says in words. Nothing else is read. */

import { headerLength, kindOfWeights, readHeader, trainingOf } from '../core/weight-files.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Header } from '../core/weight-files.js' */

/** @param {Blob} file @returns {Promise<Header | null>} null for a file that is damaged, or another one */
export async function readWeightHeader(file) {
  const length = headerLength(new Uint8Array(await file.slice(0, 8).arrayBuffer()), file.size);
  return length === null ? null : readHeader(await file.slice(8, 8 + length).text());
}

/** The texts of its metadata by keyword. @param {Blob} file @returns {Promise<Map<string, string>>} */
export async function readWeightTexts(file) {
  const header = await readWeightHeader(file);
  return new Map(Object.entries(header?.metadata ?? {}).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));
}

/**
 * What a file is, in a few words: its kind, and what it says of its training.
 * @param {Application} editor
 * @param {Header | null} header
 * @returns {string} never empty
 */
export function aboutWeights(editor, header) {
  const kind = header && kindOfWeights(header);
  const named = editor.t(kind && kind !== 'latent' ? `upload.kind.${kind}` : 'weights.unknown');
  return [named, trainingText(editor, header)].filter((each) => each !== '').join(' · ');
}

/**
 * The model that weights are for, their steps, their trigger words, as far as their file says.
 * @param {Application} editor
 * @param {Header | null} header
 */
export function trainingText({ t, locale }, header) {
  if (!header) return '';
  const { base, steps, words } = trainingOf(header);
  const count = steps?.toLocaleString(locale.peek()) ?? '';
  const said = [
    base,
    steps === null ? '' : t(steps === 1 ? 'weights.steps.one' : 'weights.steps', { count }),
    words.length > 0 ? t('weights.words', { words: words.join(', ') }) : '',
  ];
  return said.filter((each) => each !== '').join(' · ');
}

/** What is known of how a picture was made, to be read and copied. */

import { originOf } from '../app/use-result.js';
import { durationText } from '../canvas/node-state.js';
import { factsOf } from '../core/job-facts.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Fact } from '../core/job-facts.js' */
/** @import { Origin } from '../app/use-result.js' */
/** @import { Result } from '../types/run.d.ts' */

/** Values that deserve lines of their own. */
const LONG = 44;

/**
 * @param {Application} editor
 * @param {PictureRef | Result} picture
 * @param {HTMLElement} host
 * @param {() => boolean} isWanted whether it still is this picture that is shown
 */
export async function showFacts(editor, picture, host, isWanted) {
  fill(host, h('p', { class: 'facts-note' }, editor.t('pictures.reading')));
  const origin = await originOf(editor, picture).catch(() => null);
  if (!isWanted()) return;
  const facts = origin ? allFacts(editor, picture, origin) : [];
  const copy = h('button', { class: 'button', type: 'button', onclick: () => void copyAll(editor, facts) }, icon('copy'), editor.t('pictures.copy-facts'));
  fill(
    host,
    h('dl', { class: 'facts' }, facts.map((fact) => row(editor, fact))),
    facts.length > 1 ? copy : h('p', { class: 'facts-note' }, editor.t('pictures.no-facts')),
  );
}

/**
 * @param {Application} editor
 * @param {PictureRef | Result} picture
 * @param {Origin} origin
 * @returns {Fact[]}
 */
function allFacts({ locale, t }, picture, { prompt, job, parameters }) {
  /** @type {Fact[]} */
  const facts = [{ key: 'file', value: picture.subfolder === '' ? picture.filename : `${picture.subfolder}/${picture.filename}` }];
  if (job?.name) facts.push({ key: 'workflow', value: job.name });
  if (prompt) facts.push(...factsOf(prompt));
  if (parameters) facts.push({ key: 'parameters', value: parameters });
  if (job?.execution_start_time && job.execution_end_time) {
    facts.push({ key: 'took', value: durationText((job.execution_end_time - job.execution_start_time) / 1000, t) });
    const format = new Intl.DateTimeFormat(locale.peek(), { dateStyle: 'medium', timeStyle: 'medium' });
    facts.push({ key: 'made', value: format.format(new Date(job.execution_end_time)) });
  }
  if (job && job.tags.length > 0) facts.push({ key: 'tags', value: job.tags.join(', ') });
  return facts;
}

/** @param {Application} editor @param {Fact} fact */
function row(editor, { key, value }) {
  const label = editor.t('pictures.copy-fact');
  return h(
    'div',
    { class: value.length > LONG || value.includes('\n') ? 'fact long' : 'fact' },
    h('dt', null, editor.t(`fact.${key}`)),
    h('dd', null, value),
    h(
      'button',
      { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, onclick: () => void copyText(editor, value) },
      icon('copy'),
    ),
  );
}

/** @param {Application} editor @param {readonly Fact[]} facts */
function copyAll(editor, facts) {
  return copyText(editor, facts.map(({ key, value }) => `${editor.t(`fact.${key}`)}: ${value}`).join('\n'));
}

/** @param {Application} editor @param {string} text */
function copyText(editor, text) {
  return editor.attempt(async () => {
    await navigator.clipboard.writeText(text);
    editor.notify('info', editor.t('problems.copied'));
  });
}

/** The queue: what runs, what waits, what has ended with its pictures. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */

const SHOWN_PICTURES = 4;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountQueue(host, editor) {
  /** Rows of ended jobs, kept so that their pictures are not loaded again. @type {Map<string, HTMLElement>} */
  const rows = new Map();
  const end = effect(() => {
    const items = editor.queue.items.get();
    const open = items.filter(isOpen);
    const ended = items.filter((item) => !isOpen(item));
    for (const item of ended) if (!rows.has(item.id)) rows.set(item.id, endedRow(editor, item));
    fill(
      host,
      section(
        editor,
        'open',
        open.some(({ state }) => state === 'pending') ? 'waiting' : null,
        open.map((item) => openRow(editor, item)),
        pauseButton(editor),
      ),
      section(
        editor,
        'ended',
        ended.length > 0 ? 'ended' : null,
        ended.map(({ id }) => rows.get(id)),
      ),
    );
  });
  void editor.attempt(() => editor.queue.refresh());
  return end;
}

/** @param {QueueItem} item */
const isOpen = ({ state }) => state === 'running' || state === 'pending';

/**
 * @param {Application} editor
 * @param {'open' | 'ended'} name
 * @param {'waiting' | 'ended' | null} clears what its button clears
 * @param {readonly (HTMLElement | undefined)[]} rows
 * @param {HTMLElement | null} [button] a further one
 */
function section({ attempt, queue, t }, name, clears, rows, button = null) {
  const clear =
    clears &&
    h(
      'button',
      { class: 'text-button', type: 'button', onclick: () => void attempt(() => queue.clear(clears)) },
      t(`queue.clear.${clears}`),
    );
  return h(
    'section',
    { class: 'side-section', 'aria-label': t(`queue.${name}`) },
    h('div', { class: 'side-section-head' }, h('h3', null, t(`queue.${name}`)), h('div', null, button, clear)),
    name === 'open' && queue.paused.get() ? h('p', { class: 'queue-paused' }, icon('clock'), t('queue.paused')) : null,
    rows.length === 0
      ? h('p', { class: 'side-empty' }, t(`queue.${name}.empty`))
      : h(
          'ul',
          { class: 'jobs' },
          rows.filter((row) => row !== undefined),
        ),
  );
}

/** @param {Application} editor */
function pauseButton({ attempt, queue, t }) {
  const paused = queue.paused.get();
  return h(
    'button',
    { class: 'text-button', type: 'button', onclick: () => void attempt(() => queue.pause(!paused)) },
    t(paused ? 'queue.resume' : 'queue.pause'),
  );
}

/** @param {Application} editor @param {QueueItem} item */
function openRow(editor, item) {
  const { run, t } = editor;
  const running = item.state === 'running';
  const bar = h('div', { class: 'job-progress', role: 'progressbar', 'aria-label': t('queue.state.running') });
  if (running) {
    effect(() => {
      const part = run.progress.get() ?? 0;
      bar.style.setProperty('--part', String(part));
      bar.setAttribute('aria-valuenow', String(Math.round(part * 100)));
    });
  }
  return h(
    'li',
    { class: `job ${item.state}` },
    h(
      'div',
      { class: 'job-text' },
      h('span', { class: 'job-state' }, t(`queue.state.${item.state}`)),
      running ? bar : null,
    ),
    openButton(editor, item),
    removeButton(editor, item, running ? 'queue.stop' : 'queue.cancel', running ? 'stop' : 'close'),
  );
}

/** @param {Application} editor @param {QueueItem} item */
function endedRow(editor, item) {
  const { t } = editor;
  const marks = { success: 'check', error: 'error', interrupted: 'stop', running: 'play', pending: 'clock' };
  const pictures = item.pictures.slice(0, SHOWN_PICTURES).map((picture, index) =>
    h(
      'button',
      {
        class: 'thumbnail',
        type: 'button',
        'aria-label': t('pictures.open', { name: picture.filename }),
        onclick: () => editor.openPictures(item.pictures, index),
      },
      h('img', { src: editor.pictureUrl(picture, true), alt: picture.filename, loading: 'lazy', decoding: 'async' }),
    ),
  );
  const more = item.pictures.length - SHOWN_PICTURES;
  return h(
    'li',
    { class: `job ${item.state}` },
    pictures.length > 0
      ? h('div', { class: 'thumbnails' }, pictures, more > 0 ? h('span', { class: 'more' }, `+${more}`) : null)
      : h('div', { class: 'job-mark' }, icon(marks[item.state])),
    h(
      'div',
      { class: 'job-text' },
      pictures.length > 0 && item.state === 'success'
        ? null
        : h('span', { class: 'job-state' }, t(`queue.state.${item.state}`)),
      item.error ? h('span', { class: 'job-error' }, item.error) : null,
    ),
    h('div', { class: 'job-buttons' }, openButton(editor, item), removeButton(editor, item, 'queue.forget', 'trash')),
  );
}

/** @param {Application} editor @param {QueueItem} item */
function openButton(editor, item) {
  const { attempt, files, queue, t } = editor;
  return iconButton(t('queue.open-workflow'), 'folder', () =>
    attempt(async () => {
      const workflow = await queue.workflow(item.id);
      if (workflow !== null) files.openJson(workflow, editor.name.peek());
    }),
  );
}

/** @param {Application} editor @param {QueueItem} item @param {string} label @param {string} mark */
function removeButton({ attempt, queue, t }, item, label, mark) {
  return iconButton(t(label), mark, () => attempt(() => queue.remove(item)));
}

/** @param {string} label @param {string} mark @param {() => Promise<void>} action */
function iconButton(label, mark, action) {
  return h(
    'button',
    {
      class: 'icon-button small',
      type: 'button',
      'aria-label': label,
      'data-tip': label,
      onclick: () => void action(),
    },
    icon(mark),
  );
}

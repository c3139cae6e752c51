/** A job in a list: what runs, what waits, what has ended. */

import { durationText } from '../canvas/node-state.js';
import { clock } from '../core/durations.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openJobMenu } from './job-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

const SHOWN_PICTURES = 3;
/** Times below this are not worth reading (seconds). */
const SHORT = 0.05;
const MARKS = { success: 'check', error: 'error', interrupted: 'stop', running: 'play', pending: 'clock' };

/** @param {Application} editor @param {QueueItem} item */
const nameOf = ({ t }, { name }) => name || t('files.untitled');

/** @param {Application} editor @param {number | null} time milliseconds since the epoch */
function timeOf({ locale }, time) {
  if (time === null) return '';
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const parts = /** @type {const} */ ({ hour: '2-digit', minute: '2-digit' });
  const format = today ? parts : /** @type {const} */ ({ ...parts, month: 'short', day: 'numeric' });
  return new Intl.DateTimeFormat(locale.peek(), format).format(date);
}

/**
 * @param {string} label
 * @param {string} mark
 * @param {() => void} action
 */
export function iconButton(label, mark, action) {
  return h(
    'button',
    { class: 'icon-button small', type: 'button', tabindex: -1, 'aria-label': label, 'data-tip': label, onclick: action },
    icon(mark),
  );
}

/** @param {Application} editor @param {QueueItem} item @param {Child} content @param {string} about said of it to screen readers */
function row(editor, item, content, about) {
  return h(
    'div',
    {
      class: `job ${item.state}`,
      role: 'listitem',
      tabindex: -1,
      'data-job': item.id,
      'aria-label': about,
      oncontextmenu: (event) => {
        event.preventDefault();
        openJobMenu(editor, item, { x: event.clientX, y: event.clientY });
      },
    },
    content,
  );
}

/** @param {Application} editor @param {QueueItem} item */
function menuButton(editor, item) {
  const button = iconButton(editor.t('queue.menu'), 'more', () => openJobMenu(editor, item, button));
  button.setAttribute('aria-haspopup', 'menu');
  return button;
}

/** @param {QueueItem} item */
const tagsOf = ({ tags }) => tags.map((tag) => h('span', { class: 'job-tag' }, tag));

/**
 * @param {Application} editor
 * @param {QueueItem} item
 * @returns {{ element: HTMLElement, showTimes: () => void }} `showTimes` is to be called now and then
 */
export function runningRow(editor, item) {
  const { attempt, queue, run, t } = editor;
  const bar = h('div', { class: 'job-progress', role: 'progressbar', 'aria-label': t('queue.state.running') });
  const doing = h('span', { class: 'job-doing' });
  const picture = h('div', { class: 'job-mark' });
  const times = h('span', { class: 'job-meta' });
  const showTimes = () => {
    const elapsed = item.started === null ? '' : clock((queue.now() - item.started) / 1000);
    const rest = run.job.peek() === item.id ? run.rest() : null;
    times.textContent = rest === null ? elapsed : `${elapsed} · ${t('run.left', { time: clock(rest) })}`;
  };
  effect(() => {
    const own = run.job.get() === item.id;
    const part = own ? (run.progress.get() ?? 0) : 0;
    bar.classList.toggle('unknown', !own);
    bar.style.setProperty('--part', String(part));
    if (own) bar.setAttribute('aria-valuenow', String(Math.round(part * 100)));
    doing.textContent = own ? doingOf(editor) : '';
    showTimes();
  });
  effect(() => {
    const preview = run.job.get() === item.id ? run.preview.get() : null;
    fill(picture, preview === null ? icon('play') : h('img', { src: preview, alt: t('node.preview') }));
    picture.classList.toggle('with-picture', preview !== null);
  });
  const stop = iconButton(t('queue.stop'), 'stop', () => void attempt(() => queue.remove(item)));
  const text = h('div', { class: 'job-text' }, h('span', { class: 'job-name' }, nameOf(editor, item)), times, doing, bar);
  const about = `${nameOf(editor, item)}, ${t('queue.state.running')}`;
  const element = row(editor, item, [picture, text, h('div', { class: 'job-buttons' }, stop, menuButton(editor, item))], about);
  return { element, showTimes };
}

/** The node that runs, and its step. @param {Application} editor */
function doingOf({ document, nodeTitle, run }) {
  const id = run.current.get();
  const node = id === null ? undefined : document.nodes.get(id.split(':')[0] ?? id);
  if (!node) return '';
  const { total, value } = run.node(node.id).get();
  return total > 0 ? `${nodeTitle(node)} · ${value}/${total}` : nodeTitle(node);
}

/** @param {Application} editor @param {QueueItem} item @param {number} index */
export function waitingRow(editor, item, index) {
  const { attempt, queue, t } = editor;
  const priority = item.priority === 0 ? null : h('span', { class: 'job-tag' }, t('queue.priority.short', { priority: item.priority }));
  const about = t('queue.waiting.about', { name: nameOf(editor, item), place: index + 1 });
  return row(
    editor,
    item,
    [
      h('span', { class: 'job-grip', 'aria-hidden': 'true', 'data-tip': t('queue.drag') }, icon('grip')),
      h('span', { class: 'job-place' }, String(index + 1)),
      h(
        'div',
        { class: 'job-text' },
        h('span', { class: 'job-name' }, nameOf(editor, item)),
        h('span', { class: 'job-meta' }, priority, tagsOf(item), t('queue.since', { time: timeOf(editor, item.accepted) })),
      ),
      h(
        'div',
        { class: 'job-buttons' },
        index > 0 ? iconButton(t('queue.to-front'), 'to-front', () => void attempt(() => queue.move(item.id, { to: 'front' }))) : null,
        iconButton(t('queue.cancel'), 'close', () => void attempt(() => queue.remove(item))),
        menuButton(editor, item),
      ),
    ],
    about,
  );
}

/** @param {Application} editor @param {QueueItem} item */
export function endedRow(editor, item) {
  const { attempt, queue, t } = editor;
  const error = item.error ? editor.translator.sentence(item.error) : null;
  const seconds = item.started !== null && item.ended !== null ? (item.ended - item.started) / 1000 : 0;
  const took = seconds < SHORT ? '' : durationText(seconds, t);
  const state = item.state === 'success' ? '' : t(`queue.state.${item.state}`);
  const facts = [state, took, timeOf(editor, item.ended)].filter((part) => part !== '').join(' · ');
  return row(
    editor,
    item,
    [
      thumbnails(editor, item),
      h(
        'div',
        { class: 'job-text' },
        h('span', { class: 'job-name' }, nameOf(editor, item)),
        h('span', { class: 'job-meta' }, h('span', { class: 'job-state' }, facts), tagsOf(item)),
        error === null ? null : h('span', { class: 'job-error', 'data-tip': error }, error),
      ),
      h(
        'div',
        { class: 'job-buttons' },
        iconButton(t('queue.forget'), 'trash', () => void attempt(() => queue.remove(item))),
        menuButton(editor, item),
      ),
    ],
    `${nameOf(editor, item)}, ${t(`queue.state.${item.state}`)}, ${facts}`,
  );
}

/** @param {Application} editor @param {QueueItem} item */
function thumbnails(editor, { pictures, state }) {
  if (pictures.length === 0) return h('div', { class: 'job-mark' }, icon(MARKS[state]));
  const more = pictures.length - SHOWN_PICTURES;
  return h(
    'div',
    { class: `thumbnails of-${Math.min(pictures.length, SHOWN_PICTURES)}` },
    pictures.slice(0, SHOWN_PICTURES).map((picture, index) =>
      h(
        'button',
        {
          class: 'thumbnail',
          type: 'button',
          tabindex: -1,
          'aria-label': editor.t('pictures.open', { name: picture.filename }),
          onclick: () => editor.openPictures(pictures, index),
        },
        h('img', { src: editor.pictureUrl(picture, true), alt: picture.filename, loading: 'lazy', decoding: 'async' }),
      ),
    ),
    more > 0 ? h('span', { class: 'more' }, `+${more}`) : null,
  );
}

/** The part of the bar at the top that runs things: the connection, the queue's button and its choices, progress. */

import { tipOf } from '../app/keymap.js';
import { clock } from '../core/durations.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { RunMode } from '../types/run.d.ts' */

const MOST_JOBS = 100;
const TICK_MS = 500;
/** Times below this are not worth saying (seconds). */
const WORTH_SAYING = 1;
const SAID_MS = 8000;

/** @type {Record<RunMode, string>} */
const MODE_ICONS = { once: 'play', change: 'bolt', instant: 'repeat' };

/** @param {Application} editor @param {HTMLElement} bar */
export function showProgress(editor, bar) {
  const part = editor.run.progress.get();
  bar.hidden = part === null;
  bar.style.setProperty('--part', String(part ?? 0));
  const name = editor.name.get() || editor.t('files.untitled');
  const unseen = editor.unseen.get();
  const mark = part !== null ? `${Math.round(part * 100)}% ` : unseen === null ? '' : unseen === 'done' ? '✓ ' : '✗ ';
  document.title = `${mark}${name} – Safelight`;
}

/** @param {Application} editor */
export function connectionNote(editor) {
  const note = h('div', { class: 'connection', role: 'status' });
  const text = h('span');
  const retry = h('button', { class: 'text-button', type: 'button', onclick: () => editor.reconnect() });
  note.append(text, retry);
  let timer = 0;
  effect(() => {
    const state = editor.run.connection.get();
    const at = editor.retryAt.get();
    note.hidden = state === 'open';
    note.classList.toggle('lost', state === 'lost');
    retry.hidden = state !== 'lost' || at === null;
    retry.textContent = editor.t('connection.retry');
    clearInterval(timer);
    const show = () => {
      const seconds = at === null ? 0 : Math.ceil((at - Date.now()) / 1000);
      const waits = state === 'lost' && seconds > 0;
      text.textContent = state === 'open' ? '' : editor.t(waits ? 'connection.lost.wait' : `connection.${state}`, { seconds });
    };
    show();
    if (at !== null) timer = setInterval(() => (note.isConnected ? show() : clearInterval(timer)), TICK_MS);
  });
  return note;
}

/** @param {Application} editor */
export function runControls(editor) {
  const { t } = editor;
  return h(
    'div',
    { class: 'run-controls', role: 'group', 'aria-label': t('toolbar.run') },
    metersPlace(editor),
    timeNote(editor),
    stopButton(editor),
    batchField(editor),
    h('div', { class: 'queue-split' }, queueButton(editor), menuButton(editor)),
  );
}

/** Where the meters are, once they are loaded. @param {Application} editor */
function metersPlace(editor) {
  const place = h('div', { class: 'meters-place' });
  let unmount = () => {};
  const isWanted = () => editor.preferences.of('run.meters').peek() === true && editor.run.connection.peek() !== 'connecting';
  effect(() => {
    editor.preferences.of('run.meters').get();
    editor.run.connection.get();
    if (isWanted() === place.childElementCount > 0) return;
    unmount();
    fill(place);
    if (!isWanted()) return;
    void import('./meters.js').then(({ mountMeters }) => {
      if (isWanted() && place.childElementCount === 0) unmount = mountMeters(place, editor);
    });
  });
  return place;
}

/** How long the job has run and how long it will; when it has ended, for a while, how long it took. @param {Application} editor */
function timeNote(editor) {
  const { queue, run, t } = editor;
  const note = h('div', { class: 'run-time', hidden: true });
  let timer = 0;
  let elapsed = 0;
  const say = (/** @type {string} */ text) => {
    note.textContent = text;
    note.hidden = text === '';
  };
  const show = () => {
    if (!note.isConnected) return clearInterval(timer);
    const job = queue.running.peek().find(({ id }) => id === run.job.peek());
    if (!job?.started) return;
    elapsed = Math.max(0, (queue.now() - job.started) / 1000);
    const rest = run.rest();
    const left = rest === null || rest < WORTH_SAYING ? '' : ` · ${t('run.left', { time: clock(rest) })}`;
    say(clock(elapsed) + left);
  };
  effect(() => {
    const running = run.running.get();
    clearTimeout(timer);
    clearInterval(timer);
    if (running) {
      timer = setInterval(show, TICK_MS);
      show();
    } else if (elapsed > WORTH_SAYING) {
      say(t('run.took', { time: clock(elapsed) }));
      timer = setTimeout(() => say(''), SAID_MS);
      elapsed = 0;
    } else say('');
  });
  return note;
}

/** @param {Application} editor */
function stopButton(editor) {
  const stop = h(
    'button',
    {
      class: 'icon-button stop',
      type: 'button',
      'aria-label': editor.t('command.run.interrupt'),
      'data-tip': tipOf(editor, 'run.interrupt'),
      onclick: () => editor.execute('run.interrupt'),
    },
    icon('stop'),
  );
  effect(() => {
    stop.disabled = !editor.run.running.get() && editor.queue.counts.get().running === 0;
  });
  return stop;
}

/** @param {Application} editor */
function batchField(editor) {
  const field = h('input', {
    class: 'batch',
    type: 'number',
    min: 1,
    max: MOST_JOBS,
    step: 1,
    value: editor.batch.peek(),
    'aria-label': editor.t('toolbar.batch'),
    'data-tip': editor.t('toolbar.batch'),
    onchange: () => {
      const wanted = Math.round(Number(field.value)) || 1;
      editor.batch.set(Math.min(MOST_JOBS, Math.max(1, wanted)));
      field.value = String(editor.batch.peek());
    },
  });
  return h('label', { class: 'batch-field' }, h('span', { 'aria-hidden': 'true' }, '×'), field);
}

/** @param {Application} editor */
function queueButton(editor) {
  const label = h('span');
  const count = h('span', { class: 'queue-count' });
  const place = h('span', { class: 'queue-icon' });
  const button = h(
    'button',
    { class: 'button primary queue-button', type: 'button', onclick: () => editor.execute('run.queue') },
    place,
    label,
    count,
  );
  effect(() => {
    const mode = editor.runMode.get();
    const { running, waiting } = editor.queue.counts.get();
    const key = mode === 'instant' && editor.repeating.get() ? 'repeating' : mode;
    const text = editor.t(key === 'once' ? 'toolbar.queue' : `toolbar.queue.${key}`);
    fill(place, icon(editor.queue.paused.get() ? 'pause' : MODE_ICONS[mode]));
    label.textContent = text;
    count.textContent = String(running + waiting);
    count.hidden = running + waiting === 0;
    button.setAttribute('aria-label', text);
    button.classList.toggle('automatic', mode !== 'once');
    const about = mode === 'once' ? '' : `\n${editor.t(`toolbar.mode.${mode}.help`)}`;
    button.dataset['tip'] = tipOf(editor, 'run.queue') + about;
  });
  return button;
}

/** @param {Application} editor */
function menuButton(editor) {
  const label = editor.t('toolbar.run.menu');
  const button = h(
    'button',
    {
      class: 'button primary queue-menu',
      type: 'button',
      'aria-label': label,
      'data-tip': label,
      'aria-haspopup': 'menu',
      onclick: () =>
        void editor.attempt(async () => (await import('./run-menu.js')).openRunMenu(editor, button)),
    },
    icon('chevron-down'),
  );
  effect(() => {
    button.classList.toggle('automatic', editor.runMode.get() !== 'once');
  });
  return button;
}

/** What a node's title and the space below it say of its run. */

import { duration, speed } from '../core/durations.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import {NodeProblem, NodeRun} from '../types/editor.d.ts' */
/** @import {Child} from '../types/ui.d.ts' */

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Translate */

/** More than these are counted, not listed. */
const LISTED = 3;
/** Times below this are not worth reading (seconds). */
const SHORT = 0.05;
/** How long it has to take still for the title to say so (seconds). */
const LONG = 20;

/**
 * @param {HTMLElement} element
 * @param {NodeRun} run
 * @param {Translate} t
 */
export function showTitleState(element, run, t) {
  fill(element, mark(run, t));
  const node = element.closest('.node');
  if (node instanceof HTMLElement) node.style.setProperty('--heat', run.heat === null ? null : String(run.heat));
  const tip = tipOf(run, t);
  if (tip === '') delete element.dataset['tip'];
  else element.dataset['tip'] = tip;
}

/** Whether a node had its turn, and was not called. @param {NodeRun} run */
const isSkipped = ({ skipped, state }) => skipped.length > 0 && (state === 'done' || state === 'cached');

/** Whether it waits until it is told to go on. @param {NodeRun} run */
const isPaused = ({ orders }) => orders !== null && orders.names.includes('go_on');

/** @param {NodeRun} run @param {Translate} t */
function tipOf(run, t) {
  const { ahead, pace, seconds, state, total, value } = run;
  if (isSkipped(run)) return t('node.skipped');
  if (state === 'waiting') return ahead === null ? t('node.waiting') : t('node.waiting.place', { place: ahead + 1 });
  if (state === 'cached') return t('node.cached');
  if (state === 'done') return seconds === null ? t('node.done') : t('node.done.seconds', { time: durationText(seconds, t) });
  if (state !== 'running' || total === 0) return '';
  if (isPaused(run)) return t('node.steps.paused', { value, total });
  return pace === null
    ? t('node.steps', { value, total })
    : t('node.steps.pace', { value, total, speed: speedText(pace), rest: durationText((total - value) * pace, t) });
}

/**
 * @param {NodeRun} run
 * @param {Translate} t
 * @returns {Child}
 */
function mark(run, t) {
  if (isSkipped(run)) return icon('mute');
  switch (run.state) {
    case 'running':
      if (run.total === 0) return t('node.running');
      if (isPaused(run)) return [h('span', null, `${run.value}/${run.total}`), h('i', null, t('node.paused'))];
      return [h('span', null, `${run.value}/${run.total}`), run.pace === null ? null : h('i', null, paceText(run, run.pace, t))];
    case 'waiting':
      return [icon('clock'), run.ahead === null ? null : h('span', null, String(run.ahead + 1))];
    case 'done':
      return run.seconds === null || run.seconds < SHORT ? icon('check') : durationText(run.seconds, t);
    case 'cached':
      return icon('cached');
    case 'error':
      return icon('error');
    default:
      return null;
  }
}

/** @param {NodeRun} run @param {number} pace @param {Translate} t */
function paceText({ total, value }, pace, t) {
  const rest = (total - value) * pace;
  return rest < LONG ? speedText(pace) : t('node.left', { time: durationText(rest, t) });
}

/** @param {number} perStep */
function speedText(perStep) {
  const { value, unit } = speed(perStep);
  return `${value} ${unit}`;
}

/** @param {number} seconds @param {Translate} t */
export function durationText(seconds, t) {
  const { value, unit } = duration(seconds);
  return unit === 's' ? t('node.seconds', { seconds: value }) : value;
}

/**
 * Errors and warnings below the node: what was wrong and what to do.
 *
 * @param {HTMLElement} element
 * @param {NodeRun} run
 * @param {Translate} t
 */
export function showProblems(element, run, t) {
  const count = run.problems.length + run.skipped.length + run.warnings.length;
  // A node tells of every step: mostly there is nothing here, and nothing to do.
  if (count === 0 && element.childElementCount === 0) return;
  const rest = run.problems.length - LISTED;
  fill(
    element,
    run.problems.slice(0, LISTED).map((problem) => problemOf(problem, t)),
    rest > 0 ? h('p', { class: 'node-problem more' }, t('node.more_problems', { count: rest })) : null,
    run.skipped.map((reason) => message('warning', [h('p', null, t('node.skipped-because', { reason }))])),
    run.warnings.map((warning) => message('warning', [h('p', null, warning)])),
  );
}

/** @param {NodeProblem} problem @param {Translate} t */
function problemOf({ message: text, advice, detail }, t) {
  return message('error', [
    h('p', null, text),
    advice === '' ? null : h('p', { class: 'advice' }, advice),
    detail === '' ? null : detailOf([text, advice, detail], t),
  ]);
}

/** The traceback, folded. @param {readonly string[]} parts of what is copied @param {Translate} t */
function detailOf(parts, t) {
  const copy = h(
    'button',
    { class: 'text-button', type: 'button', onclick: () => void copyInto(copy, parts, t) },
    t('problems.copy'),
  );
  return h(
    'details',
    { class: 'problem-detail' },
    h('summary', null, t('problems.detail')),
    h('pre', { tabindex: 0 }, parts.at(-1)),
    copy,
  );
}

/** @param {HTMLElement} button says that it is done @param {readonly string[]} parts @param {Translate} t */
async function copyInto(button, parts, t) {
  await navigator.clipboard.writeText(parts.filter((part) => part !== '').join('\n\n'));
  button.textContent = t('problems.copied');
}

/** @param {'error' | 'warning'} kind @param {Child} content */
function message(kind, content) {
  const role = kind === 'error' ? 'alert' : 'status';
  return h('div', { class: `node-problem ${kind}`, role }, icon(kind), h('div', { class: 'node-problem-text' }, content));
}

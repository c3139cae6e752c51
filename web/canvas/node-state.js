/** What a node's title and the space below it say of its run. */

import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import {NodeRun} from '../types/editor.d.ts' */

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Translate */

/** More than these are counted, not listed. */
const LISTED = 3;
/** Times below this are not worth reading (seconds). */
const SHORT = 0.05;

/**
 * @param {HTMLElement} element
 * @param {NodeRun} run
 * @param {Translate} t
 */
export function showTitleState(element, run, t) {
  if (run.state === 'running') {
    fill(element, run.total > 0 ? `${run.value}/${run.total}` : t('node.running'));
  } else if (run.state === 'waiting') {
    fill(element, icon('clock'));
    element.title = t('node.waiting');
    return;
  } else if (run.state === 'done') {
    fill(element, run.seconds === null || run.seconds < SHORT ? icon('check') : t('node.seconds', { seconds: seconds(run.seconds) }));
    element.title = t('node.done');
    return;
  } else if (run.state === 'cached') {
    fill(element, icon('cached'));
    element.title = t('node.cached');
    return;
  } else if (run.state === 'error') fill(element, icon('error'));
  else fill(element);
  element.removeAttribute('title');
}

/** @param {number} value */
function seconds(value) {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/**
 * Errors and warnings below the node: what was wrong and what to do.
 *
 * @param {HTMLElement} element
 * @param {NodeRun} run
 * @param {Translate} t
 */
export function showProblems(element, run, t) {
  const rest = run.problems.length - LISTED;
  fill(
    element,
    run.problems.slice(0, LISTED).map((problem) => message('error', problem.message, problem.advice, problem.detail)),
    rest > 0 ? h('p', { class: 'node-problem more' }, t('node.more_problems', { count: rest })) : null,
    run.warnings.map((warning) => message('warning', warning, '', '')),
  );
}

/**
 * @param {'error' | 'warning'} kind
 * @param {string} text
 * @param {string} advice
 * @param {string} detail shown while the pointer rests on it
 */
function message(kind, text, advice, detail) {
  return h(
    'div',
    { class: `node-problem ${kind}`, role: kind === 'error' ? 'alert' : 'status', title: detail === '' ? null : detail },
    icon(kind),
    h('div', null, h('p', null, text), advice === '' ? null : h('p', { class: 'advice' }, advice)),
  );
}

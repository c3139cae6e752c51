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
  fill(element, mark(run, t));
  const tips = /** @type {const} */ ({ waiting: 'node.waiting', done: 'node.done', cached: 'node.cached' });
  if (isSkipped(run)) element.dataset['tip'] = t('node.skipped');
  else if (run.state in tips) element.dataset['tip'] = t(tips[/** @type {keyof typeof tips} */ (run.state)]);
  else delete element.dataset['tip'];
}

/** Whether a node had its turn, and was not called. @param {NodeRun} run */
const isSkipped = ({ skipped, state }) => skipped.length > 0 && (state === 'done' || state === 'cached');

/**
 * @param {NodeRun} run
 * @param {Translate} t
 */
function mark(run, t) {
  if (isSkipped(run)) return icon('mute');
  switch (run.state) {
    case 'running':
      return run.total > 0 ? `${run.value}/${run.total}` : t('node.running');
    case 'waiting':
      return icon('clock');
    case 'done':
      return run.seconds === null || run.seconds < SHORT ? icon('check') : t('node.seconds', { seconds: seconds(run.seconds) });
    case 'cached':
      return icon('cached');
    case 'error':
      return icon('error');
    default:
      return null;
  }
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
    run.skipped.map((reason) => message('warning', t('node.skipped-because', { reason }), '', '')),
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

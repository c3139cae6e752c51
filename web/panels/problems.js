/** Everything that is wrong: with the job, with nodes, with types that are not installed, with the server's packs. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { copyReport } from './problem-report.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */
/** @import { ReportedProblem } from './problem-report.js' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountProblems(host, editor) {
  return effect(() => {
    const rows = [...failure(editor), ...nodeProblems(editor), ...missingTypes(editor), ...serverProblems(editor)];
    fill(
      host,
      rows.length === 0
        ? h('p', { class: 'side-empty' }, editor.t('problems.none'))
        : h('ul', { class: 'problems' }, rows),
    );
  });
}

/** @param {Application} editor */
function failure(editor) {
  const found = editor.run.failure.get();
  return found ? [row(editor, { place: editor.t('problems.job'), ...found }, null)] : [];
}

/** @param {Application} editor */
function nodeProblems(editor) {
  return [...editor.run.problems.get()].flatMap(([id, problems]) => {
    const node = editor.document.nodeAt(id);
    const title = node ? titleOfPlace(editor, id) : id;
    return problems.map((problem) => {
      const input = problem.input !== null && node ? ` · ${editor.inputLabel(node.type, problem.input)}` : '';
      return row(editor, { place: title + input, ...problem }, node ? () => editor.reveal([id]) : null);
    });
  });
}

/** The titles on the way to a node. @param {Application} editor @param {string} place */
function titleOfPlace(editor, place) {
  const ids = place.split(':');
  const nodes = ids.map((_, index) => editor.document.nodeAt(ids.slice(0, index + 1).join(':')));
  return nodes.map((node) => (node ? editor.nodeTitle(node) : '')).join(' › ');
}

/** One row for each type that is not installed. @param {Application} editor */
function missingTypes(editor) {
  return [...editor.missingTypes.get()].map(([type, ids]) => {
    const pack = packOf(editor.document.nodeAt(ids[0] ?? ''));
    const advice = pack ? editor.t('problems.missing.pack', { pack }) : editor.t('problems.missing.advice');
    const message = editor.t('problems.missing', { type, count: ids.length });
    return row(editor, { place: type, message, advice, detail: '' }, () => editor.reveal(ids));
  });
}

/** The pack that a file says its node comes from. @param {Readonly<GraphNode> | null} node */
function packOf(node) {
  const properties = node?.rest['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return null;
  const { cnr_id: name, aux_id: repository, ver: version } = properties;
  const pack = typeof name === 'string' ? name : repository;
  if (typeof pack !== 'string') return null;
  return typeof version === 'string' ? `${pack} ${version}` : pack;
}

/** @param {Application} editor */
function serverProblems(editor) {
  return [...editor.serverProblems.get(), ...editor.packProblems.get()].map(({ subject, message, cure }) => row(editor, { place: subject, message, advice: cure, detail: '' }, null));
}

/**
 * @param {Application} editor
 * @param {ReportedProblem} problem
 * @param {(() => void) | null} show brings the place into view
 */
function row(editor, problem, show) {
  const { t } = editor;
  const { place, message, advice, detail } = problem;
  const head = /** @type {Child[]} */ ([icon('warning'), h('span', { class: 'problem-place' }, place)]);
  const text = (/** @type {string} */ label, /** @type {() => void} */ onclick) =>
    h('button', { class: 'text-button', type: 'button', onclick }, label);
  return h(
    'li',
    { class: 'problem' },
    show
      ? h('button', { class: 'problem-head', type: 'button', onclick: show }, head, icon('chevron-right'))
      : h('div', { class: 'problem-head' }, head),
    h('p', { class: 'problem-message' }, message),
    advice ? h('p', { class: 'problem-advice' }, advice) : null,
    detail
      ? h('details', { class: 'problem-detail' }, h('summary', null, t('problems.detail')), h('pre', { tabindex: 0 }, detail))
      : null,
    h(
      'div',
      { class: 'problem-buttons' },
      show ? text(t('problems.show'), show) : null,
      text(t('problems.report'), () => void editor.attempt(() => copyReport(editor, problem))),
    ),
  );
}

/** Everything that is wrong: with the job, with nodes, with types that are not installed, with the server's packs. */

import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountProblems(host, editor) {
  const version = signal(editor.document.version);
  const endDocument = editor.document.onChange((change) => {
    if (change.structure) version.set(editor.document.version);
  });
  const endEffect = effect(() => {
    version.get();
    editor.specs.get();
    const rows = [...failure(editor), ...nodeProblems(editor), ...missingTypes(editor), ...serverProblems(editor)];
    fill(
      host,
      rows.length === 0
        ? h('p', { class: 'side-empty' }, editor.t('problems.none'))
        : h('ul', { class: 'problems' }, rows),
    );
  });
  return () => {
    endDocument();
    endEffect();
  };
}

/** @param {Application} editor */
function failure({ run, t }) {
  const found = run.failure.get();
  return found ? [row(t('problems.job'), found.message, found.advice, found.detail, null)] : [];
}

/** @param {Application} editor */
function nodeProblems(editor) {
  return [...editor.run.problems.get()].flatMap(([id, problems]) => {
    const node = editor.document.nodes.get(id);
    const title = node ? editor.nodeTitle(node) : id;
    return problems.map(({ message, advice, input, detail }) => {
      const place = input === null || !node ? title : `${title} · ${editor.inputLabel(node.type, input)}`;
      return row(place, message, advice, detail === message ? '' : detail, node ? () => editor.show([id]) : null);
    });
  });
}

/** One row for each type that is not installed. @param {Application} editor */
function missingTypes(editor) {
  /** @type {Map<string, Readonly<GraphNode>[]>} */
  const missing = new Map();
  for (const node of editor.document.nodes.values()) {
    if (!editor.spec(node)) missing.set(node.type, [...(missing.get(node.type) ?? []), node]);
  }
  return [...missing].map(([type, nodes]) => {
    const pack = packOf(nodes[0]);
    const advice = pack ? editor.t('problems.missing.pack', { pack }) : editor.t('problems.missing.advice');
    const message = editor.t('problems.missing', { type, count: nodes.length });
    return row(type, message, advice, '', () => editor.show(nodes.map(({ id }) => id)));
  });
}

/** The pack that a file says its node comes from. @param {Readonly<GraphNode> | undefined} node */
function packOf(node) {
  const properties = node?.rest['properties'];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return null;
  const { cnr_id: name, aux_id: repository, ver: version } = properties;
  const pack = typeof name === 'string' ? name : repository;
  if (typeof pack !== 'string') return null;
  return typeof version === 'string' ? `${pack} ${version}` : pack;
}

/** @param {Application} editor */
function serverProblems({ serverProblems: problems }) {
  return problems.get().map(({ subject, message, cure }) => row(subject, message, cure, '', null));
}

/**
 * @param {string} title
 * @param {string} message
 * @param {string} advice
 * @param {string} detail
 * @param {(() => void) | null} show brings the place into view
 */
function row(title, message, advice, detail, show) {
  const head = /** @type {Child[]} */ ([icon('warning'), h('span', { class: 'problem-place' }, title)]);
  return h(
    'li',
    { class: 'problem' },
    show
      ? h('button', { class: 'problem-head', type: 'button', onclick: show }, head, icon('chevron-right'))
      : h('div', { class: 'problem-head' }, head),
    h('p', { class: 'problem-message' }, message),
    advice ? h('p', { class: 'problem-advice' }, advice) : null,
    detail ? h('details', { class: 'problem-detail' }, h('summary', null, '…'), h('pre', null, detail)) : null,
  );
}

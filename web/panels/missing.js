/** What the open workflow needs and the server does not have, over the canvas: with what could stand in for it. */

import { missingIn, replaceMissingFile, replaceMissingType } from '../core/missing.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { MissingFile, MissingType } from '../core/missing.js' */
/** @import { Application } from '../types/app.d.ts' */

const MOST_CHOICES = 200;

/** @param {Application} editor what its document needs */
const findMissing = (editor) => missingIn(editor.document.contents(), editor.spec, editor.specs.peek());

/**
 * Show the list for as long as the document is shown; one that was open before goes.
 * @param {Application} editor
 */
export async function openMissing(editor) {
  const tab = editor.tabs.shown.peek();
  const host = document.getElementById('app');
  await loadStyle('files');
  if (!host || editor.tabs.shown.peek() !== tab) return;
  document.querySelector('.missing-card')?.dispatchEvent(new Event('dismiss'));
  const list = h('div', { class: 'missing-list' });
  const card = h(
    'section',
    { class: 'missing-card floating', 'aria-label': editor.t('missing.title') },
    head(editor, () => close()),
    list,
  );
  const refresh = () => {
    const { types, files } = findMissing(editor);
    if (types.length + files.length === 0) return close();
    const all =
      types.length > 1
        ? h('p', { class: 'missing-all' }, editor.t('problems.missing.some', { count: types.length }))
        : null;
    const rows = [
      ...types.map((each) => typeRow(editor, each, all !== null)),
      ...files.map((each) => fileRow(editor, each)),
    ];
    fill(list, all, rows);
  };
  const ends = [
    editor.document.onChange(({ replaced }) => !replaced && refresh()),
    editor.specs.subscribe(refresh),
    editor.locale.subscribe(refresh),
    effect(() => {
      if (editor.tabs.shown.get() !== tab) close();
    }),
  ];
  function close() {
    card.remove();
    queueMicrotask(() => ends.forEach((end) => end()));
  }
  card.addEventListener('dismiss', close);
  card.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
  host.append(card);
  refresh();
}

/** @param {Application} editor @param {() => void} close */
function head({ t }, close) {
  return h(
    'div',
    { class: 'missing-head' },
    icon('warning'),
    h('h2', null, t('missing.title')),
    h('button', { class: 'icon-button', type: 'button', 'aria-label': t('ui.close'), onclick: close }, icon('close')),
  );
}

/** @param {Application} editor @param {MissingType} missing @param {boolean} several whether all have been told of together */
function typeRow(editor, missing, several) {
  const { t } = editor;
  const { type, count, pack, near } = missing;
  const about = [t(count === 1 ? 'missing.node' : 'missing.nodes', { count }), pack && t('missing.pack', { pack })];
  const titles = near.map((name) => ({ name, title: titleOf(editor, name) }));
  return row(editor, {
    name: type,
    about: about.filter(Boolean).join(' · '),
    help: several ? '' : t('problems.missing.one', { type }),
    show: () => showNodes(editor, (node) => node.type === type),
    near: titles,
    choose: (name) => replaceNodes(editor, missing, name),
  });
}

/** @param {Application} editor @param {string} type */
function titleOf(editor, type) {
  const spec = editor.specs.peek().get(type);
  return spec ? editor.typeTitle(spec) : type;
}

/** @param {Application} editor @param {MissingFile} missing */
function fileRow(editor, missing) {
  const { t } = editor;
  const { name, kind, count, near, choices } = missing;
  const others = choices.filter((each) => !near.includes(each)).slice(0, MOST_CHOICES);
  return row(editor, {
    name,
    about: [
      t(count === 1 ? 'missing.node' : 'missing.nodes', { count }),
      kind && `models/${kind}`.replace(/^models\/input$/, 'input'),
    ]
      .filter(Boolean)
      .join(' · '),
    help: t('missing.file', { name }),
    show: () => showNodes(editor, (node) => Object.values(node.values).includes(name)),
    near: near.map((each) => ({ name: each, title: each })),
    others: others.map((each) => ({ name: each, title: each })),
    choose: (wanted) => editor.perform(replaceMissingFile(editor.document.contents(), editor.spec, missing, wanted)),
  });
}

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} about
 * @property {string} help
 * @property {() => void} show
 * @property {{ name: string, title: string }[]} near
 * @property {{ name: string, title: string }[]} [others]
 * @property {(name: string) => void} choose
 */

/** @param {Application} editor @param {Row} row */
function row(editor, { name, about, help, show, near, others = [], choose }) {
  const { t } = editor;
  const [best] = near;
  const all = [...near, ...others];
  const more = h(
    'button',
    {
      class: 'button',
      type: 'button',
      'aria-haspopup': 'menu',
      'aria-label': t('missing.choose', { name }),
      hidden: all.length < (best ? 2 : 1),
      onclick: () => {
        const entries = all.map(({ name: each, title }) => ({ label: title, run: () => choose(each) }));
        openMenu(entries, more, { label: t('missing.choose', { name }), edge: 'end' });
      },
    },
    best ? null : t('missing.choose-short'),
    icon('chevron-down'),
  );
  return h(
    'div',
    { class: 'missing-row' },
    h('button', { class: 'missing-name', type: 'button', 'data-tip': t('missing.show'), onclick: show }, name),
    h('div', { class: 'missing-about' }, about),
    help ? h('div', { class: 'missing-help' }, help) : null,
    h(
      'div',
      { class: 'missing-actions' },
      best
        ? h(
            'button',
            { class: 'button', type: 'button', onclick: () => choose(best.name) },
            t('missing.replace', { name: best.title }),
          )
        : null,
      more,
      all.length === 0 ? h('span', { class: 'missing-about' }, t('missing.nothing')) : null,
    ),
  );
}

/** @param {Application} editor @param {MissingType} missing @param {string} name */
function replaceNodes(editor, { type }, name) {
  const spec = editor.specs.peek().get(name);
  if (!spec) return;
  const { edit, lost } = replaceMissingType(editor.document.contents(), type, spec);
  editor.perform(edit);
  if (lost > 0) editor.notify('warning', editor.t(lost === 1 ? 'missing.lost.one' : 'missing.lost', { count: lost }));
}

/** @param {Application} editor @param {(node: Readonly<import('../types/document.d.ts').GraphNode>) => boolean} fits */
function showNodes(editor, fits) {
  const ids = [...editor.document.nodes.values()].filter(fits).map(({ id }) => id);
  if (ids.length > 0) editor.show(ids);
  else editor.notify('info', editor.t('missing.inside'));
}

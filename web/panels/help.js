/** Help for a node: what it does, what it takes and gives, and where it is used; for the selected node or any other. */

import { createNode } from '../core/create.js';
import { addNodes } from '../core/edits.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { inputList, outputList, prose } from './help-parts.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Pack } from '../types/net.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** A workflow that comes with the program or a pack, and the types that it has. */
/** @typedef {{ pack: string, name: string, title: string, types: ReadonlySet<string> }} Example */

const MOST_RELATED = 12;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountHelp(host, editor) {
  void loadStyle('help');
  /** The types that were looked at, the present one last. */
  const trail = signal(/** @type {readonly string[]} */ ([]));
  const packs = signal(/** @type {readonly Pack[]} */ ([]));
  const examples = signal(/** @type {readonly Example[]} */ ([]));
  const body = h('div', { class: 'help' });
  host.append(body);
  void editor.attempt(async () => packs.set(await editor.client.packs()));
  void editor.attempt(async () => examples.set(await readExamples(editor)));
  const ends = [
    effect(() => {
      const [id, ...others] = editor.selection.ids.get();
      const node = id !== undefined && others.length === 0 ? editor.document.nodes.get(id) : undefined;
      if (node) trail.set([node.type]);
    }),
    effect(() => {
      const type = trail.get().at(-1);
      const spec = type === undefined ? null : specOf(editor, type);
      host.scrollTop = 0;
      fill(body, spec ? page(editor, spec, trail, packs, examples) : start(editor, type));
    }),
  ];
  return () => ends.forEach((end) => end());
}

/** Of a type, or of a subgraph in the document. @param {Application} editor @param {string} type */
function specOf(editor, type) {
  const node = [...editor.document.nodes.values()].find((each) => each.type === type);
  return editor.specs.get().get(type) ?? (node ? editor.spec(node) : null);
}

/** @param {Application} editor @param {string | undefined} unknown a type that is not installed */
function start(editor, unknown) {
  const { t } = editor;
  const button = (/** @type {string} */ command, /** @type {string} */ picture) =>
    h('button', { class: 'button', type: 'button', onclick: () => editor.execute(command) }, icon(picture), t(`command.${command}`));
  return [
    h('p', { class: 'help-lead' }, unknown === undefined ? t('help.choose') : t('node.not_installed', { type: unknown })),
    h('div', { class: 'help-starts' }, button('view.tour', 'eye'), button('view.keys', 'edit'), button('view.palette', 'search')),
  ];
}

/**
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {Signal<readonly string[]>} trail
 * @param {Signal<readonly Pack[]>} packs
 * @param {Signal<readonly Example[]>} examples
 */
function page(editor, spec, trail, packs, examples) {
  const { t } = editor;
  const description = editor.typeDescription(spec);
  return [
    trail.peek().length > 1
      ? h('button', { class: 'text-button', type: 'button', onclick: () => trail.set(trail.peek().slice(0, -1)) }, icon('chevron-left'), t('help.back'))
      : null,
    h('h3', { class: 'help-title' }, editor.typeTitle(spec)),
    h('p', { class: 'help-facts' }, facts(editor, spec, packs.get())),
    marks(editor, spec),
    description ? prose(description) : h('p', { class: 'help-lead' }, t('help.none')),
    actions(editor, spec),
    inputList(editor, spec),
    outputList(editor, spec),
    exampleList(editor, spec, examples.get()),
    relatedList(editor, spec, trail),
  ];
}

/** Its id, category, and pack. @param {Application} editor @param {NodeSpec} spec @param {readonly Pack[]} packs */
function facts(editor, spec, packs) {
  const pack = packs.find(({ nodes }) => nodes.includes(spec.type));
  const origin = pack
    ? `${pack.title || pack.name} ${pack.version}`.trim()
    : spec.module === 'editor'
      ? editor.t('help.editor')
      : editor.t('help.built-in');
  return [h('code', null, spec.type), editor.typeCategory(spec), origin, editor.t('help.version', { version: spec.version })]
    .filter(Boolean)
    .flatMap((each, index) => (index > 0 ? [' · ', each] : [each]));
}

/** @param {Application} editor @param {NodeSpec} spec */
function marks({ t }, spec) {
  const names = [spec.deprecated ? 'help.deprecated' : '', spec.experimental ? 'help.experimental' : ''].filter(Boolean);
  return names.map((name) => h('p', { class: 'help-mark' }, icon('warning'), t(name)));
}

/** @param {Application} editor @param {NodeSpec} spec */
function actions(editor, spec) {
  const { document, t } = editor;
  const there = [...document.nodes.values()].filter((node) => node.type === spec.type).map(({ id }) => id);
  const add = () => {
    const point = editor.view?.pointer() ?? { x: 0, y: 0 };
    const node = createNode(spec, document.freshNodeId(), point);
    editor.perform(addNodes([node]));
    editor.show([node.id]);
  };
  return h(
    'div',
    { class: 'help-actions' },
    h('button', { class: 'button', type: 'button', onclick: add }, icon('add'), t('help.add')),
    there.length > 0 ? h('button', { class: 'button', type: 'button', onclick: () => editor.show(there) }, t('help.show', { count: there.length })) : null,
  );
}

/** @param {Application} editor @param {NodeSpec} spec @param {readonly Example[]} examples */
function exampleList(editor, spec, examples) {
  const { attempt, files, t } = editor;
  const found = examples.filter(({ types }) => types.has(spec.type));
  if (found.length === 0) return null;
  return h(
    'section',
    null,
    h('h4', null, t('help.examples')),
    h(
      'ul',
      { class: 'help-links' },
      found.map(({ pack, name, title }) => {
        const open = () => void attempt(() => files.openTemplate(pack, name));
        return h('li', null, h('button', { class: 'help-link', type: 'button', onclick: open }, title));
      }),
    ),
  );
}

/** @param {Application} editor @param {NodeSpec} spec @param {Signal<readonly string[]>} trail */
function relatedList(editor, spec, trail) {
  const others = [...editor.specs.get().values()].filter(
    (each) => each.category === spec.category && each.type !== spec.type && each.aliasOf === null && !each.deprecated && !each.internal,
  );
  if (others.length === 0) return null;
  return h(
    'section',
    null,
    h('h4', null, editor.t('help.related')),
    h(
      'ul',
      { class: 'help-links' },
      others.slice(0, MOST_RELATED).map((each) => {
        const look = () => trail.set([...trail.peek(), each.type]);
        return h('li', null, h('button', { class: 'help-link', type: 'button', onclick: look }, editor.typeTitle(each)));
      }),
    ),
  );
}

/** @param {Application} editor @returns {Promise<Example[]>} */
async function readExamples({ client, files }) {
  const templates = await files.templates();
  return Promise.all(
    templates.map(async ({ pack, name, title }) => ({ pack, name, title, types: typesIn(await client.template(pack, name)) })),
  );
}

/** The types that a workflow names, those in its subgraphs too. @param {Json} file */
function typesIn(file) {
  /** @type {Set<string>} */
  const types = new Set();
  JSON.stringify(file, (key, value) => {
    if ((key === 'type' || key === 'class_type') && typeof value === 'string') types.add(value);
    return value;
  });
  return types;
}

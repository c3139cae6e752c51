/** The gallery of templates: workflows to begin with, ours and those of packs. */

import { TEMPLATE_PACK } from '../app/files.js';
import { missingIn } from '../core/missing.js';
import { readWorkflow } from '../core/format.js';
import { textIn } from '../core/localized.js';
import { effect, signal } from '../core/signal.js';
import { specFinder } from '../core/virtual.js';
import { openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { drawThumbnail } from './graph-thumbnail.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Template } from '../types/files.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** @typedef {Template & { title: string }} Titled */
/** @typedef {{ words: string, category: string }} Filter an empty category stands for all */

/** @param {Application} editor */
export async function openTemplates(editor) {
  const { t } = editor;
  const [templates] = await Promise.all([editor.files.templates(), loadStyle('files')]);
  const filter = signal(/** @type {Filter} */ ({ words: '', category: '' }));
  const cards = h('div', { class: 'template-cards', role: 'list' });
  const watcher = watchCards();
  const search = h('input', {
    class: 'field',
    type: 'search',
    placeholder: t('templates.search'),
    'aria-label': t('templates.search'),
    oninput: () => filter.set({ ...filter.peek(), words: search.value }),
  });
  const end = effect(() => {
    const found = templates.filter((template) => fits(editor, template, filter.get()));
    fill(
      cards,
      found.length === 0
        ? h('p', { class: 'side-empty' }, t('templates.none'))
        : found.map((each) => card(editor, each, watcher, () => dialog.close())),
    );
  });
  const dialog = openDialog(
    {
      title: t('files.templates'),
      closeLabel: t('ui.close'),
      wide: true,
      body: h(
        'div',
        { class: 'templates' },
        h('div', { class: 'templates-head' }, search, categories(editor, templates, filter)),
        cards,
      ),
    },
    () => {
      end();
      watcher.disconnect();
    },
  );
  search.focus();
}

/** @param {Application} editor @param {Titled} template @param {Filter} filter */
function fits(editor, template, { words, category }) {
  if (category !== '' && categoryOf(template) !== category) return false;
  const text = [
    template.title,
    template.name,
    template.pack,
    descriptionOf(editor, template),
    JSON.stringify(template.about),
  ]
    .join(' ')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** @param {Template} template */
const categoryOf = ({ pack, about }) =>
  typeof about['category'] === 'string' ? about['category'] : pack === TEMPLATE_PACK ? '' : pack;

/** @param {Application} editor @param {Template} template */
const descriptionOf = ({ locale }, { about }) => textIn(about['description'], locale.peek());

/** @param {Application} editor @param {readonly Titled[]} templates @param {Signal<Filter>} filter */
function categories(editor, templates, filter) {
  const { t, translator } = editor;
  const found = [...new Set(templates.map(categoryOf))].filter((category) => category !== '');
  if (found.length < 2) return null;
  const buttons = ['', ...found].map((category) => {
    const key = `templates.category.${category}`;
    const label = category === '' ? t('templates.all') : translator.has(key) ? t(key) : category;
    const button = h(
      'button',
      { class: 'chip', type: 'button', onclick: () => filter.set({ ...filter.peek(), category }) },
      label,
    );
    effect(() => button.setAttribute('aria-pressed', String(filter.get().category === category)));
    return button;
  });
  return h('div', { class: 'chips', role: 'group', 'aria-label': t('templates.categories') }, buttons);
}

/** What a card needs of its workflow is read when it comes into view. */
function watchCards() {
  /** @type {WeakMap<Element, () => void>} */
  const loads = new WeakMap();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      loads.get(target)?.();
    }
  });
  return {
    disconnect: () => observer.disconnect(),
    watch(/** @type {Element} */ element, /** @type {() => void} */ load) {
      loads.set(element, load);
      observer.observe(element);
    },
  };
}

/**
 * @param {Application} editor
 * @param {Titled} template
 * @param {ReturnType<typeof watchCards>} watcher
 * @param {() => void} close
 */
function card(editor, template, watcher, close) {
  const picture = h('div', { class: 'template-picture' });
  const models = h('ul', { class: 'template-models' });
  const description = descriptionOf(editor, template);
  const open = async () => {
    close();
    await editor.files.openTemplate(template.pack, template.name);
  };
  if (template.picture) {
    const address = `workflow_templates/${encodeURIComponent(template.pack)}/${encodeURIComponent(template.picture)}`;
    fill(picture, h('img', { src: `/api/${address}`, alt: '', loading: 'lazy', draggable: 'false' }));
  }
  const element = h(
    'div',
    { class: 'template-card', role: 'listitem' },
    h(
      'button',
      { class: 'template-open', type: 'button', onclick: () => void editor.attempt(open) },
      picture,
      h('span', { class: 'template-title' }, template.title),
    ),
    template.pack === TEMPLATE_PACK ? null : h('span', { class: 'template-pack' }, template.pack),
    description ? h('p', { class: 'template-about' }, description) : null,
    models,
  );
  watcher.watch(element, () => void look(editor, template, picture, models).catch(() => undefined));
  return element;
}

/**
 * @param {Application} editor
 * @param {Titled} template
 * @param {HTMLElement} picture
 * @param {HTMLElement} models
 */
async function look(editor, template, picture, models) {
  const { t, client, specs } = editor;
  const contents = readWorkflow(await client.template(template.pack, template.name), specs.peek());
  if (!template.picture) fill(picture, drawThumbnail(editor, contents, specFinder(specs.peek(), contents.definitions)));
  const find = specFinder(specs.peek(), contents.definitions);
  const { types, files } = missingIn(contents, find, specs.peek());
  const lacking = new Set(files.map(({ name }) => name));
  const wanted = new Set(
    contents.nodes.flatMap((node) =>
      (find(node)?.inputs ?? []).flatMap((input) => modelIn(node.values[input.name], input)),
    ),
  );
  const rows = [...wanted].map((name) => {
    const there = !lacking.has(name);
    const state = t(there ? 'templates.there' : 'templates.absent');
    return h(
      'li',
      { class: there ? 'there' : 'absent', 'data-tip': state },
      icon(there ? 'check' : 'warning'),
      h('span', null, name),
      h('span', { class: 'visually-hidden' }, state),
    );
  });
  const absent = types.map(({ type }) =>
    h('li', { class: 'absent', 'data-tip': t('templates.no-node') }, icon('warning'), h('span', null, type)),
  );
  fill(models, rows, absent);
}

/**
 * @param {import('../types/spec.d.ts').Json | undefined} value
 * @param {import('../types/spec.d.ts').InputSpec} input
 */
const modelIn = (value, { options }) =>
  options.files !== undefined && options.files !== 'input' && typeof value === 'string' ? [value] : [];

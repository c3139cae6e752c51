/** The model library: the files in the models folder with their pictures, to be searched, read about and used. */

import { familiesOf, findModels, shownName } from '../core/model-search.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { VirtualList } from '../ui/virtual-list.js';
import { LibraryClient } from './library-client.js';
import { mountDetails } from './model-details.js';
import { canBeAdded, dragModel, putModel } from './model-drag.js';

/** @import { Application, Mount } from '../types/app.d.ts' */
/** @import { ListedModel, ModelOrder } from '../types/library.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

const CARD_WIDTH = 132;
const CARD_HEIGHT = 186;
const FIRST_KIND = 'checkpoints';
const ORDERS = /** @type {const} */ (['name', 'modified', 'size']);

/**
 * @typedef {object} LibraryState
 * @property {LibraryClient} library
 * @property {Signal<Record<string, number>>} kinds
 * @property {Signal<string>} kind
 * @property {Signal<readonly ListedModel[]>} models
 * @property {Signal<string>} words
 * @property {Signal<string>} family
 * @property {Signal<ModelOrder>} order
 * @property {Signal<string | null>} open the model whose details are shown
 * @property {() => Promise<void>} reload
 */

/** @type {Mount} */
export function mountLibrary(host, editor) {
  void loadStyle('library');
  const state = createState(editor);
  const body = h('div', { class: 'library' });
  host.append(body);
  let unmount = () => {};
  const ends = [
    effect(() => {
      const name = state.open.get();
      unmount();
      fill(body);
      unmount = name === null ? mountList(body, editor, state) : mountDetails(body, editor, state, name);
    }),
    state.kind.subscribe(() => void editor.attempt(state.reload)),
    // Files may have come or gone.
    editor.specs.subscribe(() => void editor.attempt(state.reload)),
  ];
  void editor.attempt(async () => {
    state.kinds.set(await state.library.kinds());
    await state.reload();
  });
  return () => {
    unmount();
    for (const end of ends) end();
  };
}

/** @param {Application} editor @returns {LibraryState} */
function createState(editor) {
  const library = new LibraryClient(editor.client);
  const kind = signal(FIRST_KIND);
  const models = /** @type {Signal<readonly ListedModel[]>} */ (signal([]));
  return {
    ...{ library, kind, models },
    kinds: /** @type {Signal<Record<string, number>>} */ (signal({})),
    words: signal(''),
    family: signal(''),
    order: /** @type {Signal<ModelOrder>} */ (signal('name')),
    open: /** @type {Signal<string | null>} */ (signal(null)),
    async reload() {
      const wanted = kind.peek();
      const found = await library.models(wanted);
      if (kind.peek() === wanted) models.set(found);
    },
  };
}

/** @param {HTMLElement} host @param {Application} editor @param {LibraryState} state */
function mountList(host, editor, state) {
  const scroller = h('div', { class: 'library-scroll' });
  const empty = h('p', { class: 'side-empty', hidden: true });
  /** @type {ListedModel[]} */
  let shown = [];
  const list = new VirtualList(
    scroller,
    {
      count: () => shown.length,
      shape: (width) => ({ columns: Math.max(1, Math.floor(width / CARD_WIDTH)), height: CARD_HEIGHT }),
      key: (index) => JSON.stringify(shown[index]),
      cell: (index) => card(editor, state, /** @type {ListedModel} */ (shown[index])),
    },
    { label: editor.t('panel.library') },
  );
  scroller.append(list.element, empty);
  fill(host, head(editor, state), scroller);
  const end = effect(() => {
    const models = state.models.get();
    shown = findModels(models, state.words.get(), state.family.get(), state.order.get());
    empty.hidden = shown.length > 0;
    empty.textContent = editor.t(models.length === 0 ? 'library.none' : 'library.nothing-found', { kind: state.kind.get() });
    list.update();
  });
  return () => {
    end();
    list.destroy();
  };
}

/** @param {Application} editor @param {LibraryState} state */
function head(editor, state) {
  const { t } = editor;
  const search = h('input', {
    class: 'field',
    type: 'search',
    value: state.words.peek(),
    placeholder: t('library.search'),
    'aria-label': t('library.search'),
    oninput: () => state.words.set(search.value),
  });
  const kinds = h('select', { class: 'field', 'aria-label': t('library.kind'), onchange: () => chooseKind(state, kinds.value) });
  const families = h('select', { class: 'field', 'aria-label': t('library.family'), onchange: () => state.family.set(families.value) });
  const orders = h(
    'select',
    { class: 'field', 'aria-label': t('library.order'), onchange: () => state.order.set(/** @type {ModelOrder} */ (orders.value)) },
    ORDERS.map((order) => h('option', { value: order, selected: order === state.order.peek() }, t(`library.order.${order}`))),
  );
  effect(() => fill(kinds, kindOptions(editor, state)));
  effect(() => {
    const found = familiesOf(state.models.get());
    families.hidden = found.length < 2;
    const chosen = state.family.get();
    fill(
      families,
      h('option', { value: '' }, t('library.all-families')),
      found.map((family) => h('option', { value: family, selected: family === chosen }, family)),
    );
  });
  return h('div', { class: 'library-head' }, kinds, search, h('div', { class: 'library-filters' }, families, orders));
}

/** Kinds of which there are models, and the one that is shown. @param {Application} editor @param {LibraryState} state */
function kindOptions({ t, translator }, { kind, kinds }) {
  const counts = { [kind.get()]: 0, ...kinds.get() };
  return Object.entries(counts)
    .filter(([name, count]) => count > 0 || name === kind.get())
    .map(([name, count]) => {
      const label = translator.has(`kind.${name}`) ? t(`kind.${name}`) : name;
      return h('option', { value: name, selected: name === kind.get() }, `${label} (${count})`);
    });
}

/** @param {LibraryState} state @param {string} kind */
function chooseKind(state, kind) {
  state.models.set([]);
  state.family.set('');
  state.kind.set(kind);
}

/** @param {Application} editor @param {LibraryState} state @param {ListedModel} model */
function card(editor, state, model) {
  const kind = state.kind.peek();
  const name = shownName(model);
  const picture = model.cover
    ? h('img', { src: state.library.coverUrl(kind, model.name, model.cover, 256), alt: '', loading: 'lazy', draggable: 'false' })
    : h('span', { class: 'library-blank' }, icon('image'));
  return h(
    'div',
    { class: 'library-cell', role: 'listitem' },
    h(
      'button',
      {
        class: 'library-card',
        type: 'button',
        draggable: 'true',
        'data-tip': model.words.length > 0 ? `${model.name}\n${model.words.slice(0, 8).join(', ')}` : model.name,
        'aria-label': model.family ? `${name}, ${model.family}` : name,
        onclick: () => state.open.set(model.name),
        ondragstart: (event) => dragModel(editor, event, kind, model.name),
      },
      h('span', { class: 'library-picture' }, picture, model.favorite && h('span', { class: 'library-star' }, icon('star'))),
      h('span', { class: 'library-name' }, name),
      h('span', { class: 'library-family' }, model.family),
    ),
    canBeAdded(editor, kind) &&
      h(
        'button',
        {
          class: 'icon-button library-add',
          type: 'button',
          'aria-label': editor.t('library.add', { name }),
          'data-tip': editor.t('library.add', { name }),
          onclick: () => putModel(editor, kind, model.name),
        },
        icon('add'),
      ),
  );
}

/** What the workflow has made: the newest picture large, the others beside it, texts, and what went wrong. */

import { inWords } from '../core/figures.js';
import { shownResults } from '../core/form.js';
import { effect } from '../core/signal.js';
import { mountFigures } from '../figures/figures.js';
import { fill, h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountResults(host, editor) {
  const { document, specs } = editor;
  let nodes = '';
  let stop = () => {};
  /** @type {(() => void)[]} */
  let figures = [];
  const start = (/** @type {readonly NodeId[]} */ ids) =>
    effect(() => {
      for (const end of figures) end();
      figures = show(host, editor, ids);
    });
  const follow = () => {
    const ids = shownResults(document, editor.spec);
    if (ids.join() === nodes) return;
    nodes = ids.join();
    stop();
    stop = start(ids);
  };
  const ends = [document.onChange(follow), specs.subscribe(follow)];
  stop = start([]);
  follow();
  return () => {
    stop();
    for (const end of [...ends, ...figures]) end();
  };
}

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @param {readonly NodeId[]} ids
 * @returns {(() => void)[]} ends of the plots and tables
 */
function show(host, editor, ids) {
  editor.locale.get();
  const runs = ids.map((id) => editor.run.node(id).get());
  const pictures = runs.flatMap((run) => run.pictures);
  const texts = runs.flatMap(({ texts, said }) => texts.map(inWords(said, editor.words)));
  const preview = editor.run.preview.get();
  const plots = runs.flatMap(({ figures }) => (figures ? [{ raw: figures, element: h('div', { class: 'form-figures' }) }] : []));
  host.setAttribute('aria-label', editor.t('form.results'));
  fill(
    host,
    problems(editor),
    preview !== null && h('img', { class: 'form-preview', src: preview, alt: editor.t('node.preview') }),
    preview === null && pictures.length > 0 && shownPictures(editor, pictures),
    texts.map((text) => h('pre', { class: 'form-text', tabindex: 0 }, text)),
    plots.map(({ element }) => element),
    preview === null &&
      pictures.length + texts.length + plots.length === 0 &&
      h('p', { class: 'form-empty' }, editor.t('form.nothing-yet')),
  );
  return plots.map(({ element, raw }) => mountFigures(element, editor, raw).destroy);
}

/** @param {Application} editor @param {readonly PictureRef[]} pictures */
function shownPictures(editor, pictures) {
  const picture = (/** @type {PictureRef} */ each, /** @type {number} */ index, /** @type {boolean} */ large) =>
    h(
      'button',
      {
        class: large ? 'form-picture' : 'form-thumb',
        type: 'button',
        'aria-label': editor.t('node.open_picture', { name: each.filename }),
        onclick: () => editor.openPictures(pictures, index),
      },
      h('img', { src: editor.pictureUrl(each, !large), alt: each.filename, decoding: 'async' }),
    );
  const [first] = pictures;
  return [
    first && picture(first, 0, true),
    pictures.length > 1 && h('div', { class: 'form-thumbs' }, pictures.map((each, index) => picture(each, index, false))),
  ];
}

/** @param {Application} editor @returns {Child} */
function problems(editor) {
  const rows = [...editor.run.problems.get()].flatMap(([id, found]) => {
    const node = editor.document.nodes.get(id);
    const title = node ? editor.nodeTitle(node) : id;
    return found.map(({ message, advice }) => h('li', null, h('strong', null, title), ` ${message} ${advice}`));
  });
  const failure = editor.run.failure.get();
  if (failure) rows.unshift(h('li', null, `${failure.message} ${failure.advice}`));
  return rows.length > 0 && h('ul', { class: 'form-problems', role: 'alert' }, rows);
}


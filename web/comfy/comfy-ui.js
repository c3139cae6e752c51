/** The helpers of ComfyUI's `ui.js` that scripts use most: elements, and a plain dialog. */

import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

/** @typedef {Element | string | readonly (Element | string)[]} Children */

/**
 * ComfyUI's `$el`: `'div.some.classes'`, properties, children.
 * @param {string} tag
 * @param {Record<string, unknown> | Children} [properties]
 * @param {Children} [children]
 * @returns {HTMLElement}
 */
export function element(tag, properties, children) {
  const [name = 'div', ...classes] = tag.split('.');
  const made = document.createElement(name);
  if (classes.length > 0) made.classList.add(...classes);
  if (isChildren(properties)) made.append(...listOf(properties));
  else if (properties) setProperties(made, properties);
  if (children) made.append(...listOf(children));
  return made;
}

/** @param {unknown} value @returns {value is Children} */
const isChildren = (value) => typeof value === 'string' || Array.isArray(value) || value instanceof Element;

/** @param {Children} children @returns {readonly (Element | string)[]} */
const listOf = (children) => (typeof children === 'string' || children instanceof Element ? [children] : children);

/** @param {HTMLElement} made @param {Record<string, unknown>} properties */
function setProperties(made, { parent, $: ready, dataset, style, ...others }) {
  Object.assign(made.dataset, dataset);
  if (typeof style === 'string') made.style.cssText = style;
  else Object.assign(made.style, style);
  Object.assign(made, others);
  if (parent instanceof Element) parent.append(made);
  if (typeof ready === 'function') ready(made);
}

/** ComfyUI's dialog: `show(html)` opens it with a text, an element or elements. */
export class ComfyDialog {
  /** What scripts read it for. */
  element = h('div', { class: 'comfy-dialog' });
  #close = () => {};

  /** @param {string | HTMLElement | readonly HTMLElement[]} [content] */
  show(content = '') {
    this.#close();
    if (typeof content === 'string') this.element.innerHTML = content;
    else this.element.replaceChildren(...(content instanceof HTMLElement ? [content] : content));
    const { close } = openDialog({ title: '', closeLabel: '✕', body: this.element, wide: true });
    this.#close = close;
  }

  close() {
    this.#close();
  }
}

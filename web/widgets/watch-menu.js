/** Opens a widget's context menu; text that is being edited keeps the browser's own. */

import { isTyping } from '../ui/dom.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @param {Widget} widget
 * @returns {Widget} the same
 */
export function watchMenu(host, widget) {
  const { element } = widget;
  const edited = (/** @type {Event} */ { target }) => {
    const number = target instanceof Element && target.getAttribute('role') === 'spinbutton';
    return isTyping(target) && !number && target === document.activeElement;
  };
  element.addEventListener('mousedown', (event) => {
    // The press would put the caret into the text, which then counted as being edited.
    if (event.button === 2 && !edited(event)) event.preventDefault();
  });
  element.addEventListener('contextmenu', (event) => {
    if (edited(event)) return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
    const client = { x: event.clientX, y: event.clientY };
    void import('./widget-menu.js').then(({ openWidgetMenu }) => openWidgetMenu(host, widget, client));
  });
  return widget;
}

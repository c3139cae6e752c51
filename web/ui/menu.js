/** Menus: at a point or below a button, with submenus, by pointer and by keyboard. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { placeAt, placeBelow, placeBeside } from './place.js';

/** @import {MenuEntry, MenuItem} from '../types/ui.d.ts' */

/**
 * An open menu and the submenu that hangs from it.
 * @typedef {{ element: HTMLElement, child: Level | null, owner: HTMLElement | null }} Level
 */

/** Tells an open menu that another one opens. */
const OPENS = 'menuopens';

/**
 * Open a menu. The one that was open closes.
 *
 * @param {readonly MenuEntry[]} entries
 * @param {{ x: number, y: number } | HTMLElement} anchor a point of the page, or the button that it belongs to
 * @param {{ label: string, onClose?: () => void, edge?: 'start' | 'end' }} options `label` names it to screen readers
 * @returns {() => void} closes it
 */
export function openMenu(entries, anchor, options) {
  document.dispatchEvent(new Event(OPENS));
  const before = document.activeElement;
  const abort = new AbortController();
  const close = () => {
    if (abort.signal.aborted) return;
    abort.abort();
    closeLevel(root);
    if (anchor instanceof HTMLElement) anchor.setAttribute('aria-expanded', 'false');
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    options.onClose?.();
  };
  const root = buildLevel(entries, options.label, null, close);
  document.body.append(root.element);
  if (anchor instanceof HTMLElement) {
    anchor.setAttribute('aria-expanded', 'true');
    placeBelow(root.element, anchor.getBoundingClientRect(), options.edge);
  } else placeAt(root.element, anchor.x, anchor.y);
  focusItem(root.element, firstEnabled(root.element));
  const outside = (/** @type {Event} */ event) => {
    if (!inside(root, event.target)) close();
  };
  addEventListener('pointerdown', outside, { capture: true, signal: abort.signal });
  addEventListener('wheel', outside, { capture: true, passive: true, signal: abort.signal });
  addEventListener('blur', close, { signal: abort.signal });
  addEventListener('resize', close, { signal: abort.signal });
  document.addEventListener(OPENS, close, { signal: abort.signal });
  return close;
}

/**
 * @param {readonly MenuEntry[]} entries
 * @param {string} label
 * @param {HTMLElement | null} owner the item that this submenu hangs from
 * @param {() => void} close closes the whole menu
 * @returns {Level}
 */
function buildLevel(entries, label, owner, close) {
  const element = h('div', { class: 'menu', role: 'menu', 'aria-label': label });
  /** @type {Level} */
  const level = { element, child: null, owner };
  for (const entry of entries) {
    element.append(entry === 'separator' ? h('div', { class: 'menu-separator', role: 'separator' }) : itemOf(entry, level, close));
  }
  element.addEventListener('keydown', (event) => onKey(event, level, close));
  element.addEventListener('contextmenu', (event) => event.preventDefault());
  return level;
}

/**
 * @param {MenuItem} item
 * @param {Level} level
 * @param {() => void} close
 */
function itemOf(item, level, close) {
  const role = item.checked === undefined ? 'menuitem' : 'menuitemcheckbox';
  const mark = item.checked ? 'check' : item.icon;
  const element = h(
    'button',
    {
      class: item.danger ? 'menu-item danger' : 'menu-item',
      type: 'button',
      role,
      tabindex: -1,
      'aria-checked': item.checked,
      'aria-disabled': item.disabled ? true : null,
      'aria-haspopup': item.items ? 'menu' : null,
    },
    mark ? icon(mark) : h('span', { class: 'icon' }),
    h('span', { class: 'menu-label' }, item.label),
    item.keys ? h('span', { class: 'menu-keys' }, item.keys) : null,
    item.items ? icon('chevron-right') : null,
  );
  const open = () => openChild(level, element, item, close);
  element.addEventListener('pointerenter', () => {
    element.focus({ preventScroll: true });
    open();
  });
  element.addEventListener('click', () => {
    if (item.disabled) return;
    if (item.items) {
      open();
      if (level.child) focusItem(level.child.element, firstEnabled(level.child.element));
      return;
    }
    close();
    item.run?.();
  });
  return element;
}

/**
 * @param {Level} level
 * @param {HTMLElement} owner
 * @param {MenuItem} item
 * @param {() => void} close
 */
function openChild(level, owner, item, close) {
  if (level.child?.owner === owner) return;
  closeChild(level);
  if (!item.items || item.disabled) return;
  const child = buildLevel(item.items, item.label, owner, close);
  level.child = child;
  document.body.append(child.element);
  owner.setAttribute('aria-expanded', 'true');
  placeBeside(child.element, owner.getBoundingClientRect());
}

/** @param {Level} level */
function closeChild(level) {
  if (!level.child) return;
  level.child.owner?.setAttribute('aria-expanded', 'false');
  closeLevel(level.child);
  level.child = null;
}

/** @param {Level} level */
function closeLevel(level) {
  closeChild(level);
  level.element.remove();
}

/**
 * @param {Level} level
 * @param {EventTarget | null} target
 * @returns {boolean}
 */
function inside(level, target) {
  if (!(target instanceof Node)) return false;
  return level.element.contains(target) || (level.child !== null && inside(level.child, target));
}

/**
 * @param {KeyboardEvent} event
 * @param {Level} level
 * @param {() => void} close
 */
function onKey(event, level, close) {
  const items = itemsOf(level.element);
  const at = items.findIndex((item) => item === document.activeElement);
  const handled = () => {
    event.preventDefault();
    event.stopPropagation();
  };
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    handled();
    focusItem(level.element, at + (event.key === 'ArrowDown' ? 1 : -1));
  } else if (event.key === 'Home' || event.key === 'End') {
    handled();
    focusItem(level.element, event.key === 'Home' ? 0 : -1);
  } else if (event.key === 'ArrowRight' && items[at]?.getAttribute('aria-haspopup')) {
    handled();
    items[at]?.click();
  } else if (event.key === 'ArrowLeft' && level.owner) {
    handled();
    level.owner.focus();
    level.owner.setAttribute('aria-expanded', 'false');
    level.element.remove();
  } else if (event.key === 'Escape' || event.key === 'Tab') {
    handled();
    close();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== ' ') {
    handled();
    typeAhead(items, at, event.key.toLowerCase());
  } else if (!['Enter', ' '].includes(event.key)) event.stopPropagation();
}

/**
 * @param {readonly HTMLElement[]} items
 * @param {number} from
 * @param {string} letter
 */
function typeAhead(items, from, letter) {
  for (let step = 1; step <= items.length; step += 1) {
    const item = items[(from + step) % items.length];
    if (item?.textContent?.trim().toLowerCase().startsWith(letter)) return item.focus();
  }
}

/** @param {HTMLElement} menu */
function itemsOf(menu) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll(':scope > .menu-item'))];
}

/** @param {HTMLElement} menu */
function firstEnabled(menu) {
  return Math.max(0, itemsOf(menu).findIndex((item) => item.getAttribute('aria-disabled') !== 'true'));
}

/**
 * @param {HTMLElement} menu
 * @param {number} index counted round, so -1 is the last
 */
function focusItem(menu, index) {
  const items = itemsOf(menu);
  items.at(items.length === 0 ? 0 : ((index % items.length) + items.length) % items.length)?.focus({ preventScroll: true });
}

/** The first steps, shown at the parts of the page that they speak of. Nothing is blocked meanwhile. */

import { shownKeys } from '../app/keymap.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { placeBelow, placeBeside } from '../ui/place.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */

/** Texts are `tour.<id>` and `tour.<id>.text`; of `targets` the first that is seen, the middle of the page if none is. */
/** @type {readonly { id: string, targets: readonly string[], beside?: boolean, keys?: readonly string[] }[]} */
const STEPS = [
  { id: 'graph', targets: [] },
  { id: 'prompt', targets: ['.node:has(textarea)', '.node'] },
  { id: 'queue', targets: ['.queue-button'] },
  { id: 'add', targets: [], keys: ['view.search'] },
  { id: 'link', targets: ['.node .socket.output'] },
  { id: 'side', targets: ['#rail'], beside: true, keys: ['view.help', 'view.outline'] },
  { id: 'keys', targets: ['#rail > :last-child'], beside: true, keys: ['view.palette', 'view.keys'] },
];

/** Elements are moved by the canvas, which tells nobody. */
const FOLLOW_MS = 200;
const MARGIN = 6;

/** @param {Application} editor */
export async function startTour(editor) {
  await loadStyle('tour');
  if (document.querySelector('.tour')) return;
  markSeen(editor);
  const before = document.activeElement;
  const step = signal(0);
  const ring = h('div', { class: 'tour-ring', 'aria-hidden': 'true' });
  const card = h('div', { class: 'tour floating', role: 'dialog', 'aria-labelledby': 'tour-title', 'aria-describedby': 'tour-text' });
  document.body.append(ring, card);
  const place = () => placeAtTarget(STEPS[step.peek()]?.targets ?? [], STEPS[step.peek()]?.beside === true, card, ring);
  const close = () => {
    end();
    clearInterval(timer);
    removeEventListener('resize', place);
    ring.remove();
    card.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  const go = (/** @type {number} */ by) => {
    const next = step.peek() + by;
    if (next >= STEPS.length) close();
    else step.set(Math.max(0, next));
  };
  card.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowRight') go(1);
    else if (event.key === 'ArrowLeft') go(-1);
  });
  const end = effect(() => {
    fillCard(editor, card, step.get(), go, close);
    place();
    /** @type {HTMLElement | null} */ (card.querySelector('.primary'))?.focus({ preventScroll: true });
  });
  const timer = setInterval(place, FOLLOW_MS);
  addEventListener('resize', place);
}

/**
 * @param {Application} editor
 * @param {HTMLElement} card
 * @param {number} at
 * @param {(by: number) => void} go
 * @param {() => void} close
 */
function fillCard(editor, card, at, go, close) {
  const { t } = editor;
  const step = STEPS[at];
  if (!step) return;
  const keys = (step.keys ?? []).flatMap((id) => {
    const [first] = editor.keys.of(id);
    return first ? h('li', null, h('kbd', null, shownKeys(first)), ` ${t(`command.${id}`)}`) : [];
  });
  fill(
    card,
    h('button', { class: 'icon-button small tour-close', type: 'button', 'aria-label': t('tour.skip'), onclick: close }, icon('close')),
    h('h2', { id: 'tour-title' }, t(`tour.${step.id}`)),
    h('p', { id: 'tour-text' }, t(`tour.${step.id}.text`)),
    keys.length > 0 ? h('ul', { class: 'tour-keys' }, keys) : null,
    h(
      'div',
      { class: 'tour-foot' },
      h('span', { class: 'tour-count' }, t('tour.count', { at: at + 1, count: STEPS.length })),
      at > 0 ? h('button', { class: 'button', type: 'button', onclick: () => go(-1) }, t('tour.back')) : null,
      h(
        'button',
        { class: 'button primary', type: 'button', onclick: () => go(1) },
        t(at === STEPS.length - 1 ? 'tour.done' : 'tour.next'),
      ),
    ),
  );
}

/**
 * @param {readonly string[]} selectors
 * @param {boolean} beside
 * @param {HTMLElement} card
 * @param {HTMLElement} ring
 */
function placeAtTarget(selectors, beside, card, ring) {
  const candidates = selectors.flatMap((selector) => [...document.querySelectorAll(selector)]);
  const target = candidates.find(isSeen);
  ring.hidden = !target;
  card.classList.toggle('centred', !target);
  if (!target) return;
  const rect = target.getBoundingClientRect();
  ring.style.left = `${rect.left - MARGIN}px`;
  ring.style.top = `${rect.top - MARGIN}px`;
  ring.style.width = `${rect.width + 2 * MARGIN}px`;
  ring.style.height = `${rect.height + 2 * MARGIN}px`;
  const room = new DOMRect(rect.x - MARGIN, rect.y - MARGIN, rect.width + 4 * MARGIN, rect.height + 4 * MARGIN);
  if (beside) placeBeside(card, room);
  else placeBelow(card, room);
}

/** Whether all of it is in the window and, if it is on the canvas, in the canvas. @param {Element} element */
function isSeen(element) {
  const { left, top, right, bottom, width } = element.getBoundingClientRect();
  const room = element.closest('#canvas')?.getBoundingClientRect() ?? new DOMRect(0, 0, innerWidth, innerHeight);
  return width > 0 && left >= room.left && top >= room.top && right <= room.right + 1 && bottom <= room.bottom + 1;
}

/** @param {Application} editor */
const markSeen = ({ preferences }) => preferences.of('tour.seen').set({ start: 1 });

/**
 * Offer the tour, once.
 * @param {Application} editor
 */
export async function offerTour(editor) {
  const { t } = editor;
  await loadStyle('tour');
  const close = () => {
    offer.remove();
    markSeen(editor);
  };
  const start = () => {
    close();
    void editor.attempt(() => startTour(editor));
  };
  const offer = h(
    'div',
    { class: 'toast tour-offer', role: 'status' },
    h(
      'div',
      { class: 'toast-text' },
      h('strong', null, t('tour.offer')),
      h('div', { class: 'tour-foot' }, [
        h('button', { class: 'button', type: 'button', onclick: close }, t('tour.no')),
        h('button', { class: 'button primary', type: 'button', onclick: start }, t('tour.start')),
      ]),
    ),
  );
  document.getElementById('toasts')?.append(offer);
}

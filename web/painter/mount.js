/** The painter's window: bar, tools, stage and panel, and its keys. */

import { combination, shownKeys } from '../app/keymap.js';
import { effect } from '../core/signal.js';
import { h, isTyping } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { painterActions, TOOLS } from './actions.js';
import { actionButton, segments } from './fields.js';
import { paintPanel } from './panel.js';
import { PaintStage } from './stage.js';

/** @import { LayerName, PainterAction, PaintRequest, Studio } from '../types/painter.d.ts' */

const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '');

/** Below this width of the window (CSS pixels) the panel lies over the picture. */
const NARROW = 900;

/** @typedef {(id: string) => { action: PainterAction, label: string, tip: string }} Find */

/**
 * @param {HTMLElement} host
 * @param {Studio} studio
 * @param {PaintRequest} request
 * @param {AbortSignal} signal
 */
export function mountPainter(host, studio, request, signal) {
  const { t } = studio.editor;
  const actions = painterActions(studio);
  /** @type {Find} */
  const find = (id) => {
    const action = actions.find((each) => each.name === id);
    if (!action) throw new Error(`The painter has no action ${id}.`);
    const label = t(`painter.${id}`);
    const [keys] = action.keys;
    return { action, label, tip: keys ? `${label} (${shownKeys(keys)})` : label };
  };
  const stage = new PaintStage(studio, signal, t('painter.stage', { name: request.picture.filename }));
  const panel = paintPanel(studio, find);
  const bar = paintBar(studio, find, request, panel.element);
  const rail = toolRail(studio, find);
  host.querySelector('.paint-loading')?.remove();
  host.append(bar.element, h('div', { class: 'paint-middle' }, rail.element, stage.element, panel.element));
  const ends = [
    panel.destroy,
    bar.destroy,
    rail.destroy,
    effect(() => {
      const { overlayColor, overlayOpacity } = studio.settings.get();
      studio.sheet.showMaskAs(overlayColor, studio.maskHidden.get() ? 0 : overlayOpacity, studio.maskOnly.get());
    }),
  ];
  signal.addEventListener('abort', () => ends.forEach((end) => end()));
  followKeys(host, studio, stage, actions, signal);
  stage.fit();
  stage.element.focus();
}

/** @param {Studio} studio @param {Find} find */
function toolRail(studio, find) {
  const { t } = studio.editor;
  const buttons = TOOLS.map(({ tool }) => {
    const { action, label, tip } = find(`tool.${tool}`);
    return { tool, element: actionButton(action, label, tip, true) };
  });
  const end = effect(() => {
    for (const { tool, element } of buttons) {
      element.setAttribute('aria-pressed', String(tool === studio.tool.get()));
      // A mask has no colours to take.
      if (tool === 'eyedropper') element.hidden = studio.layer.get() === 'mask';
    }
    if (studio.layer.get() === 'mask' && studio.tool.get() === 'eyedropper') studio.tool.set('brush');
  });
  const element = h(
    'div',
    { class: 'paint-rail', role: 'toolbar', 'aria-orientation': 'vertical', 'aria-label': t('painter.tools') },
    buttons.map((button) => button.element),
  );
  return { element, destroy: end };
}

/** @param {Studio} studio @param {Find} find @param {PaintRequest} request @param {HTMLElement} panel */
function paintBar(studio, find, request, panel) {
  const { camera, editor, layer, steps, view } = studio;
  const { t } = editor;
  const bare = (/** @type {string} */ id) => {
    const { action, label, tip } = find(id);
    return { action, element: actionButton(action, label, tip, true) };
  };
  const layers = segments(
    t('painter.layers'),
    [
      { value: /** @type {LayerName} */ ('mask'), label: t('painter.layer.mask'), icon: 'mask' },
      { value: /** @type {LayerName} */ ('paint'), label: t('painter.layer.paint'), icon: 'brush' },
    ],
    (value) => layer.set(value),
  );
  const [undo, redo] = [bare('undo'), bare('redo')];
  const zoom = h('button', { class: 'paint-zoom', type: 'button', onclick: () => find('actual-size').action.run() });
  zoom.dataset['tip'] = find('actual-size').tip;
  const flip = bare('flip');
  const closing = closeButtons(studio, find);
  const toggle = h(
    'button',
    { class: 'icon-button paint-toggle', type: 'button', 'aria-label': t('painter.settings'), 'aria-expanded': true },
    icon('settings'),
  );
  const showPanel = (/** @type {boolean} */ shown) => {
    panel.classList.toggle('away', !shown);
    toggle.setAttribute('aria-expanded', String(shown));
  };
  toggle.addEventListener('click', () => showPanel(panel.classList.contains('away')));
  // On a small screen it would cover the picture.
  showPanel(innerWidth > NARROW);
  const element = h(
    'header',
    { class: 'paint-bar' },
    h('h2', { class: 'paint-title' }, request.picture.filename),
    layers.element,
    h('span', { class: 'paint-space' }),
    h('div', { class: 'paint-group' }, undo.element, redo.element),
    h('div', { class: 'paint-group' }, bare('zoom-out').element, zoom, bare('zoom-in').element, bare('fit').element, flip.element),
    h('div', { class: 'paint-group' }, toggle),
    h('div', { class: 'paint-group' }, closing.elements),
  );
  const ends = [
    closing.end,
    effect(() => layers.set(layer.get())),
    effect(() => {
      steps.get();
      for (const { action, element: button } of [undo, redo]) button.disabled = action.enabled?.() === false;
    }),
    effect(() => {
      view.get();
      zoom.textContent = `${Math.round(camera.scale * 100)} %`;
      zoom.setAttribute('aria-label', `${zoom.textContent}, ${find('actual-size').label}`);
      flip.element.setAttribute('aria-pressed', String(camera.flipped));
    }),
  ];
  return { element, destroy: () => ends.forEach((end) => end()) };
}

/** @param {Studio} studio @param {Find} find */
function closeButtons(studio, find) {
  const { t } = studio.editor;
  const button = (/** @type {string} */ kind, /** @type {string} */ id) => {
    const { action, label, tip } = find(id);
    return h('button', { class: `button ${kind}`, type: 'button', 'data-tip': tip, onclick: action.run }, label);
  };
  const more = h(
    'button',
    { class: 'button primary paint-more', type: 'button', 'aria-label': t('painter.save-as'), 'aria-haspopup': 'menu' },
    icon('chevron-down'),
  );
  more.addEventListener('click', () => {
    const entries = /** @type {const} */ (['both', 'mask', 'paint']).map((what) => ({
      label: t(`painter.save.${what}`),
      run: () => studio.save(what),
    }));
    openMenu(entries, more, { label: t('painter.save-as'), edge: 'end' });
  });
  const [cancel, save] = [button('', 'cancel'), button('primary', 'save')];
  const end = effect(() => {
    const saving = studio.saving.get();
    cancel.disabled = save.disabled = more.disabled = saving;
    save.textContent = t(saving ? 'painter.saving' : 'painter.save');
  });
  return { elements: [cancel, h('div', { class: 'paint-save' }, save, more)], end };
}

/**
 * Keys of the painter; while it is open the editor gets none.
 *
 * @param {HTMLElement} host
 * @param {Studio} studio
 * @param {PaintStage} stage
 * @param {readonly PainterAction[]} actions
 * @param {AbortSignal} signal
 */
function followKeys(host, studio, stage, actions, signal) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const { target } = event;
    const ours = target === document.body || (target instanceof Node && host.contains(target));
    if (!ours || event.isComposing) return;
    if (event.key === 'Tab') return keepFocus(host, event);
    event.stopPropagation();
    if (handle(event)) event.preventDefault();
  };
  const onUp = (/** @type {KeyboardEvent} */ event) => {
    if (event.code === 'Space') stage.pointer.holdSpace(false);
  };
  addEventListener('keydown', onKey, { capture: true, signal });
  addEventListener('keyup', onUp, { capture: true, signal });

  /** @param {KeyboardEvent} event @returns {boolean} */
  function handle(event) {
    const { target } = event;
    const control = target instanceof HTMLElement && target.closest('button, input, select') !== null;
    // Some keyboards have brackets on a third level.
    const pressed = event.getModifierState('AltGraph') ? event.key : combination(event, MAC);
    if (event.key === 'Escape') return escape();
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const own = isTyping(target) || ['Enter', ' '].includes(event.key) || event.key.startsWith('Arrow');
    if (control && plain && own) return false;
    if (event.code === 'Space') {
      stage.pointer.holdSpace(true);
      return true;
    }
    if (stage.keyboard.press(event, stage.brushPlace())) {
      stage.moveRing();
      return true;
    }
    const action = actions.find((each) => each.keys.includes(pressed));
    if (!action || stage.pointer.busy) return action !== undefined;
    stage.keyboard.lift();
    if (action.enabled?.() !== false) action.run();
    return true;
  }

  function escape() {
    if (stage.pointer.busy) stage.pointer.cancel();
    else if (stage.keyboard.at) {
      stage.keyboard.cancel();
      stage.moveRing();
    } else studio.close();
    return true;
  }
}

/** Tab goes round inside the painter. @param {HTMLElement} host @param {KeyboardEvent} event */
function keepFocus(host, event) {
  const all = /** @type {HTMLElement[]} */ ([...host.querySelectorAll('button, input, [tabindex="0"]')]);
  const shown = all.filter((each) => each.offsetParent !== null && !each.matches(':disabled'));
  const at = shown.findIndex((each) => each === document.activeElement);
  event.preventDefault();
  event.stopPropagation();
  const next = at < 0 ? 0 : (at + (event.shiftKey ? -1 : 1) + shown.length) % shown.length;
  shown[next]?.focus();
}

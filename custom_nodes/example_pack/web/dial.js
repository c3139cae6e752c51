/** A dial for the input that names the widget `example_pack.dial`. */

import { definePack } from 'safelight';

/** @import { PackMount } from '../../../web/types/extension.d.ts' */

const SIZE = 56;

/** @type {PackMount} */
const mountDial = (element, { input, value, onChange, t }) => {
  element.innerHTML = `
    <svg viewBox="-28 -28 56 56" width="${SIZE}" height="${SIZE}" role="slider" tabindex="0" style="cursor: grab">
      <circle r="24" fill="none" stroke="currentColor" stroke-opacity="0.4" stroke-width="2"></circle>
      <line x1="8" x2="24" stroke="currentColor" stroke-width="3" stroke-linecap="round"></line>
    </svg><output></output>`;
  element.style.cssText = 'display: flex; align-items: center; gap: 8px;';
  const [dial, words] = element.children;
  if (!(dial instanceof SVGElement) || !words) throw new Error('The dial was not built.');
  const hand = dial.querySelector('line');
  dial.setAttribute('aria-label', input.label);
  let angle = 0;

  const set = (/** @type {unknown} */ next) => {
    angle = Number(next ?? 0);
    hand?.setAttribute('transform', `rotate(${-angle})`);
    words.textContent = t('example_pack.degrees', { angle });
    dial.setAttribute('aria-valuenow', String(angle));
  };
  const turn = (/** @type {number} */ next, /** @type {boolean} */ final) => {
    set(((Math.round(next) % 360) + 360) % 360);
    onChange(angle, final);
  };
  const follow = (/** @type {PointerEvent} */ event, /** @type {boolean} */ final) => {
    const { left, top, width, height } = dial.getBoundingClientRect();
    const x = event.clientX - left - width / 2;
    const y = top + height / 2 - event.clientY;
    turn((Math.atan2(y, x) * 180) / Math.PI, final);
  };

  dial.addEventListener('pointerdown', (event) => {
    dial.setPointerCapture(event.pointerId);
    follow(event, false);
  });
  dial.addEventListener('pointermove', (event) => {
    if (dial.hasPointerCapture(event.pointerId)) follow(event, false);
  });
  dial.addEventListener('pointerup', (event) => follow(event, true));
  dial.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (step) turn(angle + step, true);
  });
  set(value);
  return { set, focus: () => dial.focus(), destroy() {} };
};

export default definePack((safelight) => {
  safelight.registerWidget('example_pack.dial', mountDial, { height: SIZE });
});

/** A slider from blue to orange, for the input that names the widget `new_pack.warmth`. */

import { definePack } from 'safelight';

export default definePack((safelight) => {
  safelight.registerWidget(
    'new_pack.warmth',
    (element, { input, value, onChange, t }) => {
      const slider = document.createElement('input');
      slider.type = 'range';
      slider.min = String(input.options.min ?? -1);
      slider.max = String(input.options.max ?? 1);
      slider.step = String(input.options.step ?? 0.05);
      slider.title = t('new_pack.hint');
      slider.setAttribute('aria-label', input.label);
      slider.style.cssText = 'width: 100%; margin: 8px 0; appearance: none; height: 8px; border-radius: 4px;';
      slider.style.background = 'linear-gradient(to right, #4a90ff, #888, #ff9a3c)';

      // While it is dragged the value changes with every step, and all of that is one step of undo.
      slider.addEventListener('input', () => onChange(slider.valueAsNumber, false));
      slider.addEventListener('change', () => onChange(slider.valueAsNumber));

      const set = (/** @type {unknown} */ next) => {
        slider.value = String(next ?? 0);
      };
      set(value);
      element.append(slider);
      return { set, focus: () => slider.focus(), destroy() {} };
    },
    { height: 24 },
  );
});

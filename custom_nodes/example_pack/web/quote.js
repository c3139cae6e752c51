/** A text with a button that asks the pack's own route for another one. */

import { definePack } from 'safelight';

export default definePack((safelight) => {
  safelight.registerWidget('example_pack.quote', (element, { input, value, onChange, t }) => {
    const text = document.createElement('input');
    const button = document.createElement('button');
    let number = 0;
    text.setAttribute('aria-label', input.label);
    button.type = 'button';
    button.textContent = '↻';
    button.title = t('example_pack.another');
    button.setAttribute('aria-label', t('example_pack.another'));
    element.style.cssText = 'display: flex; gap: 4px;';
    text.style.cssText = 'flex: 1; min-width: 0;';

    const set = (/** @type {unknown} */ next) => {
      text.value = String(next ?? '');
    };
    text.addEventListener('change', () => onChange(text.value));
    button.addEventListener('click', async () => {
      number += 1;
      const answer = await safelight.fetch(`/api/example_pack/quotes/${number}`);
      if (!answer.ok) return;
      set((await answer.json()).text);
      onChange(text.value);
    });
    set(value);
    element.append(text, button);
    return { set, focus: () => text.focus(), destroy() {} };
  });
});

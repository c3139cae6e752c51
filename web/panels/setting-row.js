/** One setting: what it is, what it does, its field, and the way back to what it was. */

import { effect } from '../core/signal.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application, Preference } from '../types/app.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** More choices than these are a list that opens. */
const MOST_IN_A_ROW = 4;
const MOST_STEPS = 200;

/** @param {Application} editor @param {Preference} preference */
export const titleOf = (editor, preference) => preference.title?.(editor) ?? editor.t(`setting.${preference.id}`);

/** @param {Application} editor @param {Preference} preference */
export function helpOf(editor, preference) {
  const key = `setting.${preference.id}.help`;
  return preference.help?.(editor) ?? (editor.translator.has(key) ? editor.t(key) : '');
}

/** @param {Application} editor @param {Preference} preference @param {string} choice */
export function choiceTitle({ t, translator }, { id }, choice) {
  if (id === 'appearance.language' && choice !== 'system') return t(`language.${choice}`);
  const key = `setting.${id}.${choice}`;
  return translator.has(key) ? t(key) : choice;
}

/** @param {Application} editor @param {Preference} preference */
export function settingRow(editor, preference) {
  const { t, preferences } = editor;
  const { id } = preference;
  const field = `setting-${id}`;
  const help = helpOf(editor, preference);
  const value = preferences.of(id);
  const reset = h(
    'button',
    {
      class: 'icon-button small',
      type: 'button',
      'aria-label': `${t('settings.reset')}: ${titleOf(editor, preference)}`,
      'data-tip': t('settings.reset'),
      onclick: () => {
        value.set(preference.default);
        document.getElementById(field)?.focus();
      },
    },
    icon('undo'),
  );
  effect(() => {
    reset.style.visibility = value.get() === preference.default ? 'hidden' : '';
  });
  return h(
    'div',
    { class: 'setting-row', 'data-setting': id },
    h(
      'div',
      { class: 'setting-text' },
      h('label', { for: field, id: `${field}-label` }, titleOf(editor, preference)),
      help ? h('p', { id: `${field}-help` }, help) : null,
    ),
    reset,
    control(editor, preference, { id: field, 'aria-describedby': help ? `${field}-help` : null }),
  );
}

/**
 * @param {Application} editor
 * @param {Preference} preference
 * @param {{ id: string, 'aria-describedby': string | null }} props
 */
function control(editor, preference, props) {
  const value = editor.preferences.of(preference.id);
  const { choices = [], kind } = preference;
  if (kind === 'toggle') return toggle(value, props);
  if (kind === 'number') return number(value, preference, props);
  if (kind === 'choice') {
    const named = choices.map((choice) => ({ choice, title: choiceTitle(editor, preference, choice) }));
    return choices.length > MOST_IN_A_ROW ? select(value, named, props) : segments(value, named, props);
  }
  const field = h('input', { ...props, class: 'field', type: 'text', onchange: () => value.set(field.value) });
  effect(() => {
    field.value = String(value.get());
  });
  return field;
}

/** @typedef {import('../types/signal.d.ts').Signal<Json>} Value */
/** @typedef {{ id: string, 'aria-describedby': string | null }} FieldProps */

/** @param {Value} value @param {FieldProps} props */
function toggle(value, props) {
  const button = h('button', {
    ...props,
    class: 'switch',
    type: 'button',
    role: 'switch',
    'aria-labelledby': `${props.id}-label`,
    onclick: () => value.set(!value.peek()),
  });
  effect(() => button.setAttribute('aria-checked', String(value.get() === true)));
  return button;
}

/** @param {Value} value @param {{ choice: string, title: string }[]} choices @param {FieldProps} props */
function select(value, choices, props) {
  const field = h(
    'select',
    { ...props, class: 'field', onchange: () => value.set(field.value) },
    choices.map(({ choice, title }) => h('option', { value: choice }, title)),
  );
  effect(() => {
    field.value = String(value.get());
  });
  return field;
}

/** @param {Value} value @param {{ choice: string, title: string }[]} choices @param {FieldProps} props */
function segments(value, choices, props) {
  const radios = choices.map(({ choice }, index) =>
    h('input', {
      type: 'radio',
      name: props.id,
      id: index === 0 ? props.id : `${props.id}-${choice}`,
      value: choice,
      onchange: () => value.set(choice),
    }),
  );
  effect(() => {
    for (const radio of radios) radio.checked = radio.value === value.get();
  });
  const described = { 'aria-labelledby': `${props.id}-label`, 'aria-describedby': props['aria-describedby'] };
  return h(
    'div',
    { class: 'segments', role: 'radiogroup', ...described },
    choices.map(({ title }, index) => h('label', { class: 'segment' }, radios[index], h('span', null, title))),
  );
}

/** @param {Value} value @param {Preference} preference @param {FieldProps} props */
function number(value, { min, max, step = 1, unit }, props) {
  const limits = { min, max, step };
  const clamp = (/** @type {number} */ wanted) => Math.min(max ?? Infinity, Math.max(min ?? -Infinity, wanted));
  const take = () => {
    const wanted = Number(field.value);
    if (field.value !== '' && Number.isFinite(wanted)) value.set(clamp(wanted));
    field.value = String(value.peek());
  };
  const field = h('input', { ...props, ...limits, class: 'field', type: 'number', onchange: take });
  const slides = min !== undefined && max !== undefined && (max - min) / step <= MOST_STEPS;
  // Whoever reads the number needs no second way to it.
  const slider = slides && h('input', { ...limits, class: 'slider', type: 'range', tabindex: -1, 'aria-hidden': 'true' });
  if (slider) slider.addEventListener('change', () => value.set(Number(slider.value)));
  effect(() => {
    field.value = String(value.get());
    if (slider) slider.value = field.value;
  });
  return h('div', { class: 'setting-number' }, slider, field, unit ? h('span', { class: 'unit' }, unit) : null);
}

/** What the gallery shows: by words, workflow, time and outcome. */

import { resultNames } from '../net/jobs.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { ResultFilter } from '../types/run.d.ts' */

const TYPING_MS = 250;
const HOUR = 3600;
const SPANS = /** @type {const} */ ({ any: 0, hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR });

/**
 * @param {Application} editor
 * @param {ResultFilter} filter
 * @param {(changes: Partial<ResultFilter>) => void} onChange
 */
export function galleryFilters(editor, filter, onChange) {
  const { t } = editor;
  let timer = 0;
  const search = h('input', {
    class: 'field',
    type: 'search',
    value: filter.search,
    placeholder: t('gallery.search'),
    'aria-label': t('gallery.search'),
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => onChange({ search: search.value.trim() }), TYPING_MS);
    },
    onkeydown: (event) => event.stopPropagation(),
  });
  const more = h('div', { class: 'gallery-more', hidden: true }, nameField(editor, onChange), timeFields(editor, onChange), stateField(editor, onChange));
  const label = t('gallery.filters');
  const toggle = h(
    'button',
    {
      class: 'icon-button small',
      type: 'button',
      'aria-label': label,
      'data-tip': label,
      'aria-expanded': 'false',
      onclick: () => {
        more.hidden = !more.hidden;
        toggle.setAttribute('aria-expanded', String(!more.hidden));
      },
    },
    icon('settings'),
  );
  return h('div', { class: 'gallery-filters' }, h('div', { class: 'gallery-search' }, search, toggle), more);
}

/**
 * @param {string} label
 * @param {readonly [string, string][]} choices values and what they are called
 * @param {(value: string) => void} onChange
 */
function choice(label, choices, onChange) {
  const select = h(
    'select',
    { class: 'field', 'aria-label': label, onchange: () => onChange(select.value) },
    choices.map(([value, text]) => h('option', { value }, text)),
  );
  return select;
}

/** @param {Application} editor @param {(changes: Partial<ResultFilter>) => void} onChange */
function nameField(editor, onChange) {
  const { t } = editor;
  const select = choice(t('gallery.workflow'), [['', t('gallery.workflow.any')]], (name) => onChange({ name }));
  void resultNames(editor.client)
    .then((names) => select.append(...names.map((name) => h('option', { value: name }, name))))
    .catch(() => undefined);
  return select;
}

/** @param {Application} editor @param {(changes: Partial<ResultFilter>) => void} onChange */
function timeFields({ t }, onChange) {
  const dates = h('div', { class: 'gallery-dates', hidden: true });
  const date = (/** @type {'since' | 'until'} */ which) => {
    const field = h('input', {
      class: 'field',
      type: 'date',
      'aria-label': t(`gallery.${which}`),
      onchange: () => {
        const day = field.valueAsDate;
        const midnight = day && new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate() + (which === 'until' ? 1 : 0));
        onChange({ [which]: midnight && midnight.getTime() / 1000 });
      },
    });
    return field;
  };
  dates.append(date('since'), date('until'));
  const spans = [...Object.keys(SPANS), 'dates'];
  const select = choice(t('gallery.time'), spans.map((span) => [span, t(`gallery.time.${span}`)]), (span) => {
    dates.hidden = span !== 'dates';
    const seconds = span in SPANS ? SPANS[/** @type {keyof typeof SPANS} */ (span)] : 0;
    onChange({ since: seconds === 0 ? null : Date.now() / 1000 - seconds, until: null });
  });
  return [select, dates];
}

/** @param {Application} editor @param {(changes: Partial<ResultFilter>) => void} onChange */
function stateField({ t }, onChange) {
  const states = ['', 'completed', 'failed', 'cancelled', 'temp'];
  return choice(t('gallery.state'), states.map((state) => [state, t(`gallery.state.${state || 'any'}`)]), (state) => {
    const status = /** @type {ResultFilter['status']} */ (state === 'temp' ? '' : state);
    onChange({ status, area: state === 'temp' ? 'temp' : 'output' });
  });
}

/** Unsaved work that was found: of windows that are gone, here or in another browser. */

import { effect } from '../core/signal.js';
import { confirm, openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { timeText } from './time-text.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { FoundDraft } from '../types/files.d.ts' */

/** @param {Application} editor */
export async function openFoundDrafts(editor) {
  const { t, drafts } = editor;
  await loadStyle('files');
  const list = h('ul', { class: 'draft-list' });
  const end = effect(() => {
    const found = drafts.found.get();
    fill(
      list,
      found.length === 0
        ? h('li', { class: 'side-empty' }, t('drafts.none'))
        : found.map((draft) => row(editor, draft)),
    );
  });
  const dialog = openDialog(
    {
      title: t('drafts.title'),
      closeLabel: t('ui.close'),
      body: [h('p', { class: 'dialog-text' }, t('drafts.about')), list],
      buttons: [
        h(
          'button',
          { class: 'button', type: 'button', onclick: () => void editor.attempt(() => discardAll(editor)) },
          t('drafts.discard-all'),
        ),
        h(
          'button',
          { class: 'button primary', type: 'button', onclick: () => void editor.attempt(openAll) },
          t('drafts.open-all'),
        ),
      ],
    },
    end,
  );

  async function openAll() {
    // The newest comes to be shown.
    for (const { id } of [...drafts.found.peek()].reverse()) await drafts.open(id);
    dialog.close();
  }
}

/** @param {Application} editor @param {FoundDraft} draft */
function row(editor, draft) {
  const { t, drafts } = editor;
  const name = draft.name || t('files.untitled');
  const about = [
    timeText(editor, draft.time),
    t(draft.nodes === 1 ? 'missing.node' : 'missing.nodes', { count: draft.nodes }),
    t(`drafts.${draft.closed ? 'closed' : draft.where}`),
  ];
  return h(
    'li',
    { class: 'draft-row' },
    h('div', { class: 'draft-text' }, h('strong', null, name), h('span', null, about.join(' · '))),
    h(
      'button',
      { class: 'button', type: 'button', onclick: () => void editor.attempt(() => drafts.open(draft.id)) },
      t('drafts.open'),
    ),
    h(
      'button',
      {
        class: 'icon-button',
        type: 'button',
        'aria-label': t('drafts.discard', { name }),
        'data-tip': t('drafts.discard', { name }),
        onclick: () => void editor.attempt(() => drafts.discard(draft.id)),
      },
      icon('trash'),
    ),
  );
}

/** @param {Application} editor */
async function discardAll({ t, drafts }) {
  const count = drafts.found.peek().length;
  const sure = await confirm({
    title: t('drafts.discard-all'),
    text: t('drafts.discard-all.text', { count }),
    yes: t('drafts.discard-all'),
    no: t('ui.cancel'),
    danger: true,
  });
  if (sure) for (const { id } of drafts.found.peek()) await drafts.discard(id);
}

/** What can be done with a job of the queue or of the history. */

import { openMenu } from '../ui/menu.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/**
 * @param {Application} editor
 * @param {QueueItem} item
 * @param {HTMLElement | { x: number, y: number }} anchor
 */
export function openJobMenu(editor, item, anchor) {
  openMenu(entriesOf(editor, item), anchor, { label: editor.t('queue.menu'), edge: 'end' });
}

/** @param {Application} editor @param {QueueItem} item @returns {MenuEntry[]} */
function entriesOf(editor, item) {
  const { attempt, queue, t } = editor;
  const { id, pictures, state } = item;
  /** @type {MenuEntry[]} */
  const entries = [
    { label: t('queue.open-workflow'), icon: 'folder', run: () => void openWorkflow(editor, item) },
    { label: t('queue.again.same'), icon: 'repeat', run: () => void again(editor, item, 'same') },
    { label: t('queue.again.new'), icon: 'dice', run: () => void again(editor, item, 'new') },
    { label: t('queue.label'), icon: 'tag', run: () => askLabels(editor, item) },
  ];
  if (pictures.length > 0) {
    entries.unshift({ label: t('pictures.enlarge'), icon: 'image', run: () => editor.openPictures(pictures, 0) }, 'separator');
  }
  if (state === 'pending') {
    entries.push('separator', ...placeEntries(editor, item), 'separator');
    entries.push({ label: t('queue.cancel'), icon: 'close', danger: true, run: () => void attempt(() => queue.remove(item)) });
  } else {
    const label = t(state === 'running' ? 'queue.stop' : 'queue.forget');
    entries.push('separator');
    entries.push({ label, icon: state === 'running' ? 'stop' : 'trash', danger: true, run: () => void attempt(() => queue.remove(item)) });
  }
  if (item.error) entries.push({ label: t('problems.copy-error'), icon: 'copy', run: () => void navigator.clipboard.writeText(item.error ?? id) });
  return entries;
}

/** @param {Application} editor @param {QueueItem} item @returns {MenuEntry[]} */
function placeEntries({ attempt, queue, t }, { id, priority }) {
  const move = (/** @type {Parameters<typeof queue.move>[1]} */ place) => () => void attempt(() => queue.move(id, place));
  return [
    { label: t('queue.to-front'), icon: 'to-front', run: move({ to: 'front' }) },
    { label: t('queue.to-back'), run: move({ to: 'back' }) },
    {
      label: t('queue.priority'),
      items: [10, 5, 1, 0, -1, -5].map((each) => ({
        label: t(`queue.priority.${each > 0 ? 'higher' : each < 0 ? 'lower' : 'usual'}`, { priority: each }),
        checked: each === priority,
        run: move({ priority: each }),
      })),
    },
  ];
}

/** @param {Application} editor @param {QueueItem} item */
function openWorkflow({ attempt, files, queue, name }, item) {
  return attempt(async () => {
    const workflow = await queue.workflow(item.id);
    if (workflow !== null) files.openJson(workflow, item.name || name.peek());
  });
}

/** @param {Application} editor @param {QueueItem} item @param {'same' | 'new'} seeds */
function again({ attempt, notify, ownJobs, queue, t }, { id }, seeds) {
  return attempt(async () => {
    ownJobs.add(await queue.again(id, seeds));
    notify('info', t('queue.again.done'));
  });
}

/** @param {Application} editor @param {QueueItem} item */
function askLabels(editor, item) {
  const { t } = editor;
  const name = h('input', { class: 'field', type: 'text', value: item.name });
  const tags = h('input', { class: 'field', type: 'text', value: item.tags.join(', '), placeholder: t('queue.tags.hint') });
  const save = () => {
    dialog.close();
    const words = tags.value.split(/[,，]/).map((word) => word.trim()).filter((word) => word !== '');
    void editor.attempt(() => editor.queue.label(item.id, { name: name.value.trim(), tags: words }));
  };
  const form = h(
    'form',
    {
      class: 'labels-form',
      onsubmit: (event) => {
        event.preventDefault();
        save();
      },
    },
    h('label', null, t('queue.name'), name),
    h('label', null, t('queue.tags'), tags),
    h('button', { class: 'button primary', type: 'submit' }, t('queue.label.save')),
  );
  const dialog = openDialog({ title: t('queue.label'), closeLabel: t('ui.close'), body: form });
  name.select();
}

/** Typing a group's title where it stands. */

import { putGroup } from '../core/edits.js';
import { h } from '../ui/dom.js';
import { GROUP_TITLE } from './metrics.js';

/** @import {Stage} from '../types/canvas.d.ts' */

/**
 * @param {Stage} stage
 * @param {number} id
 * @returns {boolean} false when there is no such group
 */
export function renameGroup({ editor, scene, camera, host }, id) {
  const group = editor.document.groups.get(id);
  if (!group) return false;
  const rect = scene.groupRect(group);
  const { x, y } = camera.toScreen(rect);
  const scale = Math.max(0.7, camera.scale);
  const box = h('input', {
    class: 'node-rename group-rename',
    type: 'text',
    value: group.title,
    'aria-label': editor.t('group.rename'),
    style: {
      left: `${x + 4}px`,
      top: `${y + 3}px`,
      width: `${Math.max(120, rect.width * camera.scale - 8)}px`,
      height: `${GROUP_TITLE * scale - 6}px`,
      'font-size': `${15 * scale}px`,
    },
  });
  let done = false;
  const finish = (/** @type {boolean} */ keep) => {
    if (done) return;
    done = true;
    const title = box.value.trim();
    box.remove();
    const now = editor.document.groups.get(id);
    if (keep && now && title !== '' && title !== now.title) editor.perform(putGroup({ ...now, title }, undefined, 'edit.title'));
  };
  box.addEventListener('blur', () => finish(true));
  box.addEventListener('wheel', () => box.blur(), { passive: true });
  box.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === 'Enter' || event.key === 'Escape') finish(event.key === 'Enter');
    if (!done) return;
    event.preventDefault();
    host.focus({ preventScroll: true });
  });
  host.append(box);
  box.select();
  box.focus({ preventScroll: true });
  return true;
}

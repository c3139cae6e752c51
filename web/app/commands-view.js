/** Actions on the view: zoom and bookmarks. */

import { changeRest } from '../core/edits.js';
import { numberOf, recordOf } from '../core/json.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

const ZOOM = 1.25;
/** Keeps views in the document's `extra`. */
const VIEWS = 'safelight.views';
const NUMBERS = ['1', '2', '3', '4', '5'];

/** @param {Application} editor @returns {Command[]} */
export function cameraCommands(editor) {
  const views = () => recordOf(recordOf(editor.document.rest['extra'])[VIEWS]);
  return [
    { id: 'view.fit', keys: ['.'], run: () => fitSelected(editor) },
    { id: 'view.fit-all', keys: ['Home'], run: () => editor.view?.fit() },
    { id: 'view.actual-size', keys: ['Alt+1'], run: () => editor.view?.zoomTo(1) },
    { id: 'view.zoom-in', keys: ['+', '='], run: () => zoom(editor, ZOOM) },
    { id: 'view.zoom-out', keys: ['-'], run: () => zoom(editor, 1 / ZOOM) },
    ...NUMBERS.map((number) => ({
      id: `view.keep-${number}`,
      keys: [`Alt+Shift+${number}`],
      run: () => keepView(editor, number),
    })),
    ...NUMBERS.map((number) => ({
      id: `view.return-${number}`,
      keys: [number],
      enabled: () => views()[number] !== undefined,
      run: () => returnTo(editor, views()[number]),
    })),
  ];
}

/** @param {Application} editor */
function fitSelected({ document, selection, view }) {
  const ids = new Set(selection.ids.peek());
  if (ids.size > 0) return view?.fit(ids);
  const groups = [...selection.groups.peek()].flatMap((id) => document.groups.get(id) ?? []);
  const [group] = groups;
  if (group) view?.show(group);
  else view?.fit();
}

/** At the pointer, where it is over the canvas. @param {Application} editor @param {number} factor */
function zoom({ view }, factor) {
  if (!view) return;
  const { x, y } = view.pointer();
  const camera = view.camera();
  const scale = Math.min(3, Math.max(0.02, camera.scale * factor));
  const stay = camera.scale / scale;
  view.setCamera({ x: x - (x - camera.x) * stay, y: y - (y - camera.y) * stay, scale });
}

/** @param {Application} editor @param {string} number */
function keepView(editor, number) {
  const { view, notify, t } = editor;
  if (!view) return;
  const { x, y, width, height } = view.seen();
  const kept = { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
  editor.perform(
    changeRest((rest) => {
      const extra = recordOf(rest['extra']);
      return { ...rest, extra: { ...extra, [VIEWS]: { ...recordOf(extra[VIEWS]), [number]: kept } } };
    }, 'edit.view'),
  );
  notify('info', t('view.kept', { number }));
}

/** @param {Application} editor @param {import('../types/spec.d.ts').Json | undefined} saved */
function returnTo({ view }, saved) {
  const { x, y, width, height } = recordOf(saved);
  view?.show({ x: numberOf(x, 0), y: numberOf(y, 0), width: numberOf(width, 1), height: numberOf(height, 1) }, 0);
}

/** Commands that lead through the page: everything by name, keys, finding, help for the start, and its regions. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** Regions of the page in the order in which F6 visits them. */
const REGIONS = ['toolbar', 'rail', 'side', 'canvas'];
const FOCUSABLE = 'button:not(:disabled), input:not(:disabled), select, textarea, a[href], [tabindex="0"]';

/** @param {Application} editor @returns {Command[]} */
export const pageCommands = (editor) => [
  {
    id: 'view.palette',
    keys: ['Mod+Shift+P', 'F3'],
    run: async () => (await import('../panels/palette.js')).openPalette(editor),
  },
  { id: 'view.find', keys: ['Mod+F'], run: async () => (await import('../panels/find.js')).openFind(editor) },
  { id: 'view.keys', keys: ['?'], run: async () => (await import('../panels/cheat-sheet.js')).openCheatSheet(editor) },
  { id: 'view.node-help', keys: ['F1'], run: () => editor.panel.set('help') },
  { id: 'view.tour', keys: [], run: async () => (await import('../panels/tour.js')).startTour(editor) },
  { id: 'view.next-region', keys: ['F6'], run: () => visitRegion(1) },
  { id: 'view.previous-region', keys: ['Shift+F6'], run: () => visitRegion(-1) },
];

/** @param {1 | -1} step */
function visitRegion(step) {
  const regions = REGIONS.flatMap((id) => document.getElementById(id) ?? []).filter((each) => !each.hidden);
  const now = regions.findIndex((each) => each.contains(document.activeElement));
  const next = regions[(now + step + regions.length * 2) % regions.length] ?? null;
  if (!next) return;
  const inside = next.id === 'canvas' ? null : /** @type {HTMLElement | null} */ (next.querySelector(FOCUSABLE));
  (inside ?? next).focus({ preventScroll: true });
}

/** What can be done in the painter by a button or a key. */

import { nextSize } from './settings.js';
import { inkOf } from './tools.js';

/** @import { PainterAction, Studio, Tool } from '../types/painter.d.ts' */

/** @type {readonly { tool: Tool, key: string, icon: string }[]} */
export const TOOLS = [
  { tool: 'brush', key: 'B', icon: 'brush' },
  { tool: 'eraser', key: 'E', icon: 'eraser' },
  { tool: 'fill', key: 'G', icon: 'bucket' },
  { tool: 'rectangle', key: 'R', icon: 'rectangle' },
  { tool: 'lasso', key: 'L', icon: 'lasso' },
  { tool: 'eyedropper', key: 'I', icon: 'eyedropper' },
];

const ZOOM_STEP = 1.25;

/** @param {Studio} studio @returns {PainterAction[]} */
export const painterActions = (studio) => [
  ...TOOLS.map(({ tool, key, icon }) => ({ name: `tool.${tool}`, keys: [key], icon, run: () => studio.tool.set(tool) })),
  { name: 'layer.mask', keys: ['M'], run: () => studio.layer.set('mask') },
  { name: 'layer.paint', keys: ['P'], run: () => studio.layer.set('paint') },
  ...stepActions(studio),
  ...layerActions(studio),
  ...brushActions(studio),
  ...viewActions(studio),
  { name: 'save', keys: ['Mod+Enter', 'Mod+S'], run: () => studio.save('both') },
  { name: 'cancel', keys: [], run: () => studio.close() },
];

/** @param {Studio} studio @returns {PainterAction[]} */
function stepActions({ board, steps }) {
  const stepped = (/** @type {boolean} */ done) => {
    if (done) steps.set(steps.peek() + 1);
  };
  return [
    {
      name: 'undo',
      keys: ['Mod+Z'],
      icon: 'undo',
      enabled: () => board.labels.undo !== null,
      run: () => stepped(!board.busy && board.undo()),
    },
    {
      name: 'redo',
      keys: ['Mod+Shift+Z', 'Mod+Y'],
      icon: 'redo',
      enabled: () => board.labels.redo !== null,
      run: () => stepped(!board.busy && board.redo()),
    },
  ];
}

/** @param {Studio} studio @returns {PainterAction[]} */
function layerActions(studio) {
  const { board, layer, settings, steps } = studio;
  const made = (/** @type {boolean} */ changed) => {
    if (changed) steps.set(steps.peek() + 1);
  };
  return [
    { name: 'clear', keys: ['Delete', 'Backspace'], icon: 'trash', run: () => made(board.clear(layer.peek())) },
    {
      name: 'fill-all',
      keys: ['Shift+Delete', 'Shift+Backspace'],
      icon: 'bucket',
      run: () => made(fillAll(studio)),
    },
    { name: 'invert', keys: ['Mod+I'], icon: 'invert', run: () => made(board.invertMask()) },
    {
      name: 'mask-from-paint',
      keys: ['Mod+Shift+M'],
      icon: 'mask',
      enabled: () => !board.isEmpty('paint'),
      run: () => made(maskPaint(studio)),
    },
    {
      name: 'swap-color',
      keys: ['X'],
      run: () => {
        const [, before = settings.peek().color] = settings.peek().recent;
        studio.set({ color: before, recent: [before, ...settings.peek().recent.filter((each) => each !== before)] });
      },
    },
  ];
}

/** @param {Studio} studio */
function fillAll(studio) {
  const { board, layer } = studio;
  const name = layer.peek();
  const inside = new Uint8Array(board.width * board.height).fill(255);
  const rect = { x: 0, y: 0, width: board.width, height: board.height };
  return board.ink(name, inkOf(studio, false), 'fill', { inside, rect });
}

/** What is painted becomes masked as well: to have the strokes drawn anew. @param {Studio} studio */
function maskPaint({ board }) {
  const { mask, paint } = board.layers;
  const joined = mask.data.map((value, at) => Math.max(value, paint.data[at * 4 + 3] ?? 0));
  return board.replace('mask', joined, 'mask-from-paint');
}

/** @param {Studio} studio @returns {PainterAction[]} */
function brushActions(studio) {
  const { settings } = studio;
  const harder = (/** @type {number} */ by) => {
    const hardness = Math.min(1, Math.max(0, settings.peek().hardness + by));
    studio.set({ hardness: Math.round(hardness * 100) / 100 });
  };
  return [
    { name: 'smaller', keys: ['['], run: () => studio.set({ size: nextSize(settings.peek().size, -1) }) },
    { name: 'larger', keys: [']'], run: () => studio.set({ size: nextSize(settings.peek().size, 1) }) },
    { name: 'softer', keys: ['Shift+{', 'Shift+['], run: () => harder(-0.1) },
    { name: 'harder', keys: ['Shift+}', 'Shift+]'], run: () => harder(0.1) },
    ...Array.from({ length: 10 }, (_, digit) => ({
      name: 'opacity-of',
      keys: [String(digit)],
      run: () => studio.set({ opacity: digit === 0 ? 1 : digit / 10 }),
    })),
  ];
}

/** @param {Studio} studio @returns {PainterAction[]} */
function viewActions({ camera, maskHidden, maskOnly, view }) {
  const look = (/** @type {() => void} */ change) => () => {
    change();
    view.set(view.peek() + 1);
  };
  return [
    { name: 'zoom-out', keys: ['-'], icon: 'minus', run: look(() => camera.zoomTo(camera.scale / ZOOM_STEP)) },
    { name: 'zoom-in', keys: ['+', '=', 'Shift++'], icon: 'add', run: look(() => camera.zoomTo(camera.scale * ZOOM_STEP)) },
    { name: 'fit', keys: ['.', 'Mod+0'], icon: 'fit', run: look(() => camera.fit()) },
    { name: 'actual-size', keys: ['Alt+1'], run: look(() => camera.zoomTo(1)) },
    { name: 'flip', keys: ['H'], icon: 'flip', run: look(() => camera.flip()) },
    { name: 'mask-only', keys: ['V'], icon: 'mask', run: () => maskOnly.set(!maskOnly.peek()) },
    { name: 'mask-hidden', keys: ['O'], icon: 'eye', run: () => maskHidden.set(!maskHidden.peek()) },
  ];
}

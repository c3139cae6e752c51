/**
 * What a user can set, by groups of the settings dialog. Texts are `setting.<id>`, `setting.<id>.help` and
 * `setting.<id>.<choice>`; the group's name is `setting.group.<group>`.
 */

/** @import { Preference } from '../types/app.d.ts' */

/** @type {readonly Preference[]} */
export const PREFERENCES = [
  {
    id: 'appearance.theme',
    kind: 'choice',
    default: 'system',
    choices: ['system', 'dark', 'light', 'contrast'],
  },
  { id: 'appearance.language', kind: 'choice', default: 'system', choices: ['system', 'en', 'zh-CN'] },
  { id: 'appearance.scale', kind: 'number', default: 100, min: 80, max: 175, step: 5, unit: '%' },
  { id: 'appearance.motion', kind: 'choice', default: 'system', choices: ['system', 'reduced'] },
  { id: 'accessibility.announce', kind: 'toggle', default: true },
  { id: 'keys.changed', kind: 'record', default: {} },
  { id: 'files.auto-save', kind: 'toggle', default: false },
  { id: 'canvas.snap', kind: 'choice', default: 'both', choices: ['both', 'grid', 'nodes', 'off'] },
  { id: 'canvas.grid', kind: 'number', default: 20, min: 5, max: 100, step: 5 },
  { id: 'prompt.completion', kind: 'toggle', default: true },
  { id: 'prompt.highlighting', kind: 'toggle', default: true },
  { id: 'run.previews', kind: 'choice', default: 'auto', choices: ['auto', 'latent2rgb', 'taesd', 'none'] },
  { id: 'run.notify', kind: 'toggle', default: false },
  { id: 'run.notify-after', kind: 'number', default: 30, min: 0, max: 3600, step: 5, unit: 's' },
  { id: 'run.sound', kind: 'toggle', default: false },
  { id: 'run.meters', kind: 'toggle', default: true },
  { id: 'run.facts', kind: 'toggle', default: true },
  { id: 'run.heat', kind: 'toggle', default: false },
  { id: 'tour.seen', kind: 'record', default: {} },
];

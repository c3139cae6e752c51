import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const css = readFileSync(new URL('../../web/style/tokens.css', import.meta.url), 'utf8');

/** The properties of a rule of the file. */
function rule(selector) {
  const start = css.indexOf(`${selector} {`);
  assert.ok(start >= 0, selector);
  const body = css.slice(start, css.indexOf('\n}', start));
  return Object.fromEntries([...body.matchAll(/(--[\w-]+): ([^;]+);/g)].map(([, name, value]) => [name, value]));
}

const dark = rule(':root');
const themes = {
  dark,
  light: { ...dark, ...rule(':root[data-theme="light"]') },
  contrast: { ...dark, ...rule(':root[data-theme="contrast"]') },
};

/** WCAG's relative luminance of `#rrggbb`. */
function luminance(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const SURFACES = ['canvas', 'sunken', 'panel', 'node', 'title', 'field', 'field-hover', 'raised', 'hover'];
const on = (name) => SURFACES.map((surface) => [name, `--surface-${surface}`]);
const TEXTS = [
  ...on('--text'),
  ...on('--text-soft'),
  ...on('--text-faint'),
  ...on('--accent-strong'),
  ...on('--danger'),
  ...on('--warning'),
  ...on('--success'),
  ['--text', '--danger-surface'],
  ['--text-soft', '--danger-surface'],
  ['--text', '--warning-surface'],
  ['--text-on-accent', '--accent'],
  ['--text-on-accent', '--accent-strong'],
  ['--text-on-accent', '--danger'],
];
const colored = Object.keys(dark).filter((name) => /^--(type|category)-/.test(name));
/** What is told apart by its colour: links and sockets on the canvas, stripes on nodes. */
const MARKS = [
  ['--accent', '--surface-canvas'],
  ['--accent', '--surface-panel'],
  ...colored.flatMap((name) => [
    [name, '--surface-canvas'],
    [name, '--surface-node'],
  ]),
];
const EDGES = ['--line-faint', '--line', '--line-node', '--line-strong'].flatMap(on);

function poor(theme, pairs, least) {
  return pairs
    .map(([front, back]) => ({ front, back, ratio: contrast(theme[front], theme[back]) }))
    .filter(({ ratio }) => ratio < least)
    .map(({ front, back, ratio }) => `${front} on ${back}: ${ratio.toFixed(2)}`);
}

test('the measure of contrast is that of WCAG', () => {
  assert.equal(contrast('#000000', '#ffffff').toFixed(2), '21.00');
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48');
});

for (const name of ['dark', 'light']) {
  test(`text of the ${name} theme can be read (WCAG AA), and colours of types are seen`, () => {
    assert.deepEqual(poor(themes[name], TEXTS, 4.5), []);
    assert.deepEqual(poor(themes[name], MARKS, 3), []);
  });
}

test('in high contrast text has WCAG AAA, and every edge and mark 3:1', () => {
  assert.deepEqual(poor(themes.contrast, TEXTS, 7), []);
  assert.deepEqual(poor(themes.contrast, [...MARKS, ...EDGES], 3), []);
});

test('every theme has a value of its own for every colour of another', () => {
  const colors = Object.keys(dark).filter((name) => /^(#|rgb)/.test(dark[name]));
  for (const name of ['light', 'contrast']) {
    const own = rule(`:root[data-theme="${name}"]`);
    assert.deepEqual(colors.filter((each) => !(each in own)), [], name);
  }
});

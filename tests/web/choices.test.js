// Lists of choices: the best matches first, folders, what was used last, names that are nearly right; and colours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest, rank, sectionsOf } from '../../web/widgets/choice-search.js';
import { fromHsv, readColor, toHsv, writeColor } from '../../web/widgets/color-format.js';
import { uploadKind, widgetKind } from '../../web/widgets/kinds.js';
import { pick, randomNumbers } from './example-graph.js';

const FILES = [
  'filmgrain.safetensors',
  'moon_film.safetensors',
  'style/film.safetensors',
  'style/noir/old-film-look.safetensors',
  'film/unrelated.safetensors',
];

test('a whole name comes before a beginning, that before a word, that before a folder', () => {
  assert.deepEqual(rank(FILES, 'film'), [
    'style/film.safetensors',
    'filmgrain.safetensors',
    'moon_film.safetensors',
    'style/noir/old-film-look.safetensors',
    'film/unrelated.safetensors',
  ]);
  assert.deepEqual(rank(FILES, 'noir look'), ['style/noir/old-film-look.safetensors']);
  assert.deepEqual(rank(FILES, 'xyz'), []);
});

test('what is found has all the words, and nothing is found twice', () => {
  const random = randomNumbers(9);
  const names = Array.from({ length: 60 }, (_, index) => `${pick(random, ['ab', 'Ba', '夜'])}_${pick(random, ['cd', 'ab'])}_${index}`);
  for (const query of ['a', 'ab cd', '夜', 'BA 1']) {
    const found = rank(names, query);
    assert.equal(new Set(found).size, found.length);
    const words = query.toLowerCase().split(' ');
    assert.deepEqual(
      [...found].sort(),
      names.filter((name) => words.every((word) => name.toLowerCase().includes(word))).sort(),
    );
  }
});

test('files are in their folders, and a long list begins with what was used last', () => {
  const wanted = { query: '', value: FILES[0], recent: [FILES[2]], folders: true };
  assert.deepEqual(
    sectionsOf(FILES, wanted).map(({ title, choices }) => [title, choices.length]),
    [
      [null, 2],
      ['style', 1],
      ['style/noir', 1],
      ['film', 1],
    ],
  );
  const many = [...FILES, ...Array.from({ length: 20 }, (_, index) => `more-${index}`)];
  const [first] = sectionsOf(many, { ...wanted, recent: ['gone', FILES[2]] });
  assert.deepEqual([first.kind, first.choices], ['recent', [FILES[2]]]);
});

test('a name that is not there brings the names like it', () => {
  assert.deepEqual(nearest('styles/Moon-Film v2.safetensors', FILES)[0], 'moon_film.safetensors');
  assert.deepEqual(nearest('zzz', FILES), []);
  const [first] = sectionsOf(FILES, { query: '', value: 'moonfilm.ckpt', recent: [], folders: true });
  assert.equal(first.kind, 'near');
});

test('colours are read as people write them, and come back from hue and brightness', () => {
  assert.deepEqual(readColor('#f47a45'), { r: 244, g: 122, b: 69, a: 1 });
  assert.deepEqual(readColor(' f80 '), { r: 255, g: 136, b: 0, a: 1 });
  assert.deepEqual(readColor('#11223380')?.a, 128 / 255);
  assert.deepEqual(readColor('rgba(1, 2, 300, 50%)'), { r: 1, g: 2, b: 255, a: 0.5 });
  for (const text of ['', 'red', '#12', 'rgb(1,2)', '#ggg']) assert.equal(readColor(text), null, text);
  const random = randomNumbers(2);
  for (let count = 0; count < 500; count += 1) {
    const [r, g, b] = [0, 1, 2].map(() => Math.floor(random() * 256));
    assert.deepEqual(fromHsv(toHsv({ r, g, b, a: 1 }), 0.5), { r, g, b, a: 0.5 });
    assert.deepEqual(readColor(writeColor({ r, g, b, a: 1 }, count % 2 === 0)), { r, g, b, a: 1 });
  }
});

test('what an input takes from the computer is said by its options', () => {
  const file = (options) => widgetKind({ name: 'x', type: 'COMBO', required: true, widget: true, choices: [], options });
  assert.equal(file({ image_upload: true }), 'picture');
  assert.equal(file({ upload: true, extensions: ['.csv'] }), 'file');
  assert.equal(file({ audio_upload: true }), 'file');
  assert.equal(file({ files: 'loras' }), 'choice');
  assert.equal(uploadKind({}), null);
});

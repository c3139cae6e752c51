import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiesOf, findModels, shownName } from '../../web/core/model-search.js';

const model = (name, more = {}) => ({
  ...{ name, size: 1, modified: 1, title: '', family: '', words: [], favorite: false, note: '', cover: null },
  ...more,
});
const MODELS = [
  model('b/hats.safetensors', { family: 'SD 1.x', words: ['red hat'], size: 5, modified: 2 }),
  model('a10.safetensors', { family: 'SDXL', note: 'Good at 0.8', size: 9, modified: 1 }),
  model('a2.safetensors', { title: 'Ämter', size: 2, modified: 3 }),
];
const names = (words, family = '', order = 'name') => findModels(MODELS, words, family, order).map(({ name }) => name);

test('every word must occur, wherever it is', () => {
  assert.deepEqual(names('HAT red'), ['b/hats.safetensors']);
  assert.deepEqual(names('0.8 good'), ['a10.safetensors']);
  assert.deepEqual(names('ämter'), ['a2.safetensors']);
  assert.deepEqual(names('hat blue'), []);
  assert.equal(names('').length, 3);
});

test('models are ordered as asked, favourites first', () => {
  assert.deepEqual(names('', '', 'size'), ['a10.safetensors', 'b/hats.safetensors', 'a2.safetensors']);
  assert.deepEqual(names('', '', 'modified'), ['a2.safetensors', 'b/hats.safetensors', 'a10.safetensors']);
  const starred = MODELS.map((each) => ({ ...each, favorite: each.name === 'a2.safetensors' }));
  assert.equal(findModels(starred, '', '', 'size')[0].name, 'a2.safetensors');
});

test('families are those that there are', () => {
  assert.deepEqual(familiesOf(MODELS), ['SD 1.x', 'SDXL']);
  assert.deepEqual(names('', 'SDXL'), ['a10.safetensors']);
});

test('a model is called by its file', () => {
  assert.equal(shownName(MODELS[2]), 'a2');
  assert.equal(shownName(MODELS[0]), 'hats');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inUsersLanguage } from '../../web/app/problems.js';
import { Sentences } from '../../web/core/sentences.js';

const chinese = JSON.parse(readFileSync(new URL('../../web/locales/sentences.zh-CN.json', import.meta.url), 'utf8'));

test('a sentence is said with what varies in it, in the order of the other language', () => {
  const sentences = new Sentences({ '{0} has {1}.': '{1} 在 {0} 里。', 'A cat.': '猫。', '{0} has {1} of {2}.': '{2} 中的 {1} 在 {0} 里。' });
  assert.equal(sentences.translate('a.png has $& (b).'), '$& (b) 在 a.png 里。');
  assert.equal(sentences.translate('x has 3 of 4.'), '4 中的 3 在 x 里。', 'the one that says more comes first');
  assert.equal(sentences.translate('A cat. Tom has y.'), '猫。y 在 Tom 里。');
});

test('the place stays, and what is not known stays whole', () => {
  const sentences = new Sentences({ 'A cat.': '猫。' });
  assert.equal(sentences.translate("Load (node 3:1), input 'x': A cat."), "Load (node 3:1), input 'x': 猫。");
  for (const text of ['', 'A dog.', 'A dog. A bird.', 'Load (node 3): A dog.']) assert.equal(sentences.translate(text), text);
  assert.equal(sentences.translate('A dog. A cat. A bird.'), 'A dog. 猫。A bird.');
});

test('long texts that nearly fit take no time to speak of', () => {
  const text = `${'a is b: '.repeat(250)}!`;
  assert.equal(new Sentences(chinese).translate(text), text);
});

test('translations have the places of their templates', () => {
  const places = (text) => [...text.matchAll(/\{\d\}/g)].map(([place]) => place).sort();
  for (const [template, text] of Object.entries(chinese)) assert.deepEqual(places(text), places(template), template);
});

test('of a failure the sentences are translated and the traceback is not', () => {
  const translator = { sentence: (text) => text.toUpperCase() };
  const data = { exception_message: 'a', advice: 'b', traceback: ['c'], prompt_id: 'j' };
  assert.deepEqual(inUsersLanguage({ type: 'execution_error', data }, translator).data, { ...data, exception_message: 'A', advice: 'B' });
  assert.deepEqual(inUsersLanguage({ type: 'execution_warning', data: { text: 'a', node: 'n' } }, translator).data, { text: 'A', node: 'n' });
  const other = { type: 'executing', data: { node: 'a' } };
  assert.equal(inUsersLanguage(other, translator), other);
});

// Prompts: what is marked in them, how weights step, which word is completed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completed, queriesOf, typedAt, writtenAs } from '../../web/widgets/completion-words.js';
import { analyse } from '../../web/widgets/prompt-syntax.js';
import { stepWeight } from '../../web/widgets/prompt-weights.js';
import { pick, randomNumbers } from './example-graph.js';

const marked = (text, kind, options) =>
  analyse(text, options)
    .filter((span) => span.kind === kind)
    .map(({ start, end }) => text.slice(start, end));
const weightOf = (text, word) => {
  const at = text.indexOf(word);
  return analyse(text).find(({ start, end }) => start <= at && at < end).weight;
};
const LETTERS = ['a', 'cat', ' ', ' ', ',', '(', '(', ')', ')', ':1.2', ':0.5', ':', '\\(', '\\)', '{', '|', '}', '\n', '<lora:x:1>'];
const randomPrompt = (random) => Array.from({ length: Math.floor(random() * 30) }, () => pick(random, LETTERS)).join('');

/** The text after a step, with the selection in square brackets of its own. */
function step(text, change = 0.1) {
  const start = text.indexOf('⟦');
  const end = text.indexOf('⟧') - 1;
  const plain = text.replace(/[⟦⟧]/g, '');
  const made = stepWeight(plain, start, end, change);
  return made === null ? null : plain.slice(0, made.start) + made.text + plain.slice(made.end);
}

test('brackets give weights, nested and with numbers', () => {
  assert.equal(weightOf('a (cat) b', 'cat'), 1.1);
  assert.ok(Math.abs(weightOf('((cat))', 'cat') - 1.21) < 1e-9);
  assert.equal(weightOf('((cat:1.3) dog:0.8)', 'cat'), 1.3);
  assert.equal(weightOf('((cat:1.3) dog:0.8)', 'dog'), 0.8);
  assert.equal(weightOf('\\(cat\\)', 'cat'), 1);
  assert.equal(weightOf('[cat]', 'cat'), 1);
  assert.deepEqual(marked('(cat:1.3)', 'weight'), [':1.3']);
  assert.deepEqual(marked('(12:30)', 'weight'), [':30']);
  assert.deepEqual(marked('(a: b)', 'weight'), []);
});

test('brackets and braces without a partner are marked', () => {
  assert.deepEqual(marked('a (b', 'unmatched'), ['(']);
  assert.deepEqual(marked('a) (b)', 'unmatched'), [')']);
  assert.deepEqual(marked('{a|b', 'unmatched'), ['{']);
  assert.deepEqual(marked('(a) {b|c}', 'unmatched'), []);
});

test('alternatives, embeddings and LoRA tags are marked', () => {
  assert.deepEqual(marked('a {red|{dark|light} blue} cat | dog', 'brace'), ['{', '|{', '|', '}', '}']);
  assert.deepEqual(marked('{a|b}', 'brace', { alternatives: false }), []);
  assert.deepEqual(marked('\\{a\\|b\\}', 'brace'), []);
  assert.deepEqual(marked('x embedding:easy, (embedding:bad-hands:1.2) noembedding:no', 'embedding'), [
    'embedding:easy',
    'embedding:bad-hands',
  ]);
  assert.deepEqual(marked('a <lora:film grain:0.8> b', 'lora'), ['<lora:film grain:0.8>']);
});

test('spans cover every text exactly', () => {
  const random = randomNumbers(5);
  for (let count = 0; count < 2000; count += 1) {
    const text = randomPrompt(random);
    const spans = analyse(text, { alternatives: count % 2 === 0 });
    assert.equal(spans.map(({ start, end }) => text.slice(start, end)).join(''), text);
    assert.ok(spans.every(({ start, end }, index) => start < end && start === (spans[index - 1]?.end ?? 0)));
  }
});

test('a very deep or long prompt is read at once', () => {
  const deep = '('.repeat(5000) + 'a' + ')'.repeat(5000);
  assert.equal(analyse(deep).at(-1).end, deep.length);
  const long = 'a (red:1.2) cat, '.repeat(600);
  assert.equal(marked(long, 'weight').length, 600);
});

test('an arrow weighs the word at the caret, the selection, or the group around', () => {
  assert.equal(step('a red ca⟦⟧t, dog'), 'a red (cat:1.1), dog');
  assert.equal(step('a red ca⟦⟧t', -0.1), 'a red (cat:0.9)');
  assert.equal(step('⟦a red cat, ⟧dog'), '(a red cat:1.1), dog');
  assert.equal(step('a (red c⟦⟧at:1.1)'), 'a (red cat:1.2)');
  assert.equal(step('a (red c⟦⟧at:1.1)', -0.1), 'a red cat');
  assert.equal(step('a (c⟦⟧at)'), 'a (cat:1.2)');
  assert.equal(step('红⟦⟧灯，夜'), '(红灯:1.1)，夜');
  assert.equal(step('a <lora:x⟦⟧y:0.8> b', -0.05), 'a <lora:xy:0.75> b');
  assert.equal(step('a <lora:x⟦⟧y> b', -0.05), 'a <lora:xy:0.95> b');
  assert.equal(step('a , ⟦⟧ b'), null);
});

test('a word within a weighted group starts from that weight', () => {
  assert.equal(step('(⟦cat⟧ dog:1.2)'), '((cat:1.3) dog:1.2)');
  assert.equal(step('((c⟦⟧at:1.3) dog:1.2)', -0.1), '(cat dog:1.2)');
});

test('a step up and a step down give the text back', () => {
  const random = randomNumbers(17);
  for (let count = 0; count < 600; count += 1) {
    const words = Array.from({ length: 6 }, () => pick(random, ['red', 'cat', '夜', 'dark-blue', '(x:1.3)', '(sky:0.6)']));
    const text = words.join(pick(random, [' ', ', ']));
    const place = Math.floor(random() * (text.length + 1));
    const change = pick(random, [0.1, 0.05, -0.1]);
    const there = stepWeight(text, place, place, change);
    if (there === null) continue;
    const changed = text.slice(0, there.start) + there.text + text.slice(there.end);
    const back = stepWeight(changed, there.selectionStart, there.selectionEnd, -change);
    assert.equal(changed.slice(0, back.start) + back.text + changed.slice(back.end), text);
  }
});

test('the word at the caret is completed, with the phrase that it ends', () => {
  const typed = (text) => {
    const caret = text.indexOf('|');
    return typedAt(text.replace('|', ''), caret);
  };
  assert.deepEqual(typed('1girl, long ha|'), { kinds: ['tag', 'embedding'], letters: 'long ha', start: 7 });
  assert.equal(typed('a|'), null);
  assert.equal(typed('lo|ng'), null);
  assert.equal(typed('cat, |'), null);
  assert.equal(typed('女|')?.letters, '女');
  assert.deepEqual(typed('x embedding:ea|'), { kinds: ['embedding'], letters: 'ea', start: 2 });
  assert.deepEqual(typed('x (embedding:|'), { kinds: ['embedding'], letters: '', start: 3 });
  assert.deepEqual(typed('a <lora:fi|'), { kinds: ['lora'], letters: 'fi', start: 2 });
  assert.deepEqual(queriesOf('a red  long ha'), ['a red long ha', 'red long ha', 'long ha', 'ha']);
});

test('a completion is written so that the server reads it as it is', () => {
  const tag = (name) => writtenAs({ kind: 'tag', name });
  assert.equal(tag('fate_(series)'), 'fate \\(series\\)');
  assert.equal(tag('^_^'), '^_^');
  assert.equal(writtenAs({ kind: 'embedding', name: 'neg/deep' }), 'embedding:neg/deep');
  const put = (text, start, name) => {
    const made = completed(text, start, text.length, { kind: 'tag', name });
    return text.slice(0, made.start) + made.text + text.slice(made.end);
  };
  assert.equal(put('1girl, lo', 7, 'long_hair'), '1girl, long hair, ');
  assert.equal(put('a girl with lo', 12, 'long_hair'), 'a girl with long hair');
});

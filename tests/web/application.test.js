import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { test } from 'node:test';
import { createTranslator, firstLocale } from '../../web/app/i18n.js';
import { combination, shownKeys } from '../../web/app/keymap.js';
import { readPictureTexts } from '../../web/app/picture-metadata.js';
import { problemsOfValidation } from '../../web/app/problems.js';
import { RunStates } from '../../web/app/run-state.js';
import { signal } from '../../web/core/signal.js';
import { readPreview } from '../../web/net/socket.js';

const bytes = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
const number = (value, little = false) => {
  const buffer = Buffer.alloc(4);
  if (little) buffer.writeUInt32LE(value);
  else buffer.writeUInt32BE(value);
  return buffer;
};
const chunk = (type, data) => Buffer.concat([number(data.length), Buffer.from(type), data, number(0)]);
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];

test('texts of a PNG are read from every kind of text chunk', async () => {
  const text = '{"标题": 1}';
  const png = bytes(
    SIGNATURE,
    chunk('IHDR', Buffer.alloc(13)),
    chunk('tEXt', Buffer.from(`prompt\0${text}`)),
    chunk('iTXt', Buffer.concat([Buffer.from('workflow\0\x01\0zh\0t\0'), deflateSync(text)])),
    chunk('iTXt', Buffer.from(`plain\0\0\0\0\0${text}`)),
    chunk('zTXt', Buffer.concat([Buffer.from('old\0\0'), deflateSync('abc')])),
    chunk('IEND', Buffer.alloc(0)),
  );
  assert.deepEqual(Object.fromEntries(await readPictureTexts(png)), {
    prompt: text,
    workflow: text,
    plain: text,
    old: 'abc',
  });
});

test('a damaged picture gives what stands before the damage; other files give nothing', async () => {
  const whole = bytes(SIGNATURE, chunk('tEXt', Buffer.from('a\0b')), chunk('tEXt', Buffer.from('c\0d')));
  assert.deepEqual([...(await readPictureTexts(whole.subarray(0, whole.length - 6)))], [['a', 'b']]);
  assert.equal((await readPictureTexts(bytes('GIF89a'))).size, 0);
  assert.equal((await readPictureTexts(new Uint8Array())).size, 0);
});

test('texts of a WebP are read from its EXIF', async () => {
  const text = Buffer.from('workflow:{"a":1}\0');
  const entry = Buffer.concat([Buffer.from([0x0f, 0x01, 2, 0]), number(text.length, true), number(26, true)]);
  const exif = Buffer.concat([
    Buffer.from('II*\0'),
    number(8, true),
    Buffer.from([1, 0]),
    entry,
    number(0, true),
    text,
  ]);
  const webp = bytes(
    'RIFF',
    number(0),
    'WEBP',
    'VP8 ',
    number(1, true),
    [0, 0],
    'EXIF',
    number(exif.length, true),
    exif,
  );
  assert.deepEqual([...(await readPictureTexts(webp))], [['workflow', '{"a":1}']]);
});

test('previews are read with and without their node', async () => {
  const plain = readPreview(bytes(number(1), number(2), 'png').buffer);
  assert.deepEqual([plain.node, plain.picture.type, await plain.picture.text()], [null, 'image/png', 'png']);
  const about = Buffer.from(JSON.stringify({ node_id: '4', prompt_id: 'p', image_type: 'image/jpeg' }));
  const named = readPreview(bytes(number(4), number(about.length), about, 'jpeg').buffer);
  assert.deepEqual(
    [named.node, named.prompt, named.picture.type, await named.picture.text()],
    ['4', 'p', 'image/jpeg', 'jpeg'],
  );
  assert.equal(readPreview(bytes(number(3), number(0)).buffer), null);
});

test('keys are named by their modifiers in one order', () => {
  const key = { key: 'z', code: 'KeyZ', ctrlKey: true, metaKey: false, altKey: false, shiftKey: true };
  assert.equal(combination(key, false), 'Mod+Shift+Z');
  assert.equal(combination({ ...key, ctrlKey: false, metaKey: true }, true), 'Mod+Shift+Z');
  assert.equal(
    combination({ ...key, key: 'ç', code: 'KeyC', altKey: true, ctrlKey: false, shiftKey: false }, true),
    'Alt+C',
  );
  assert.equal(combination({ ...key, key: 'Enter', code: 'Enter', shiftKey: false }, false), 'Mod+Enter');
  assert.equal(shownKeys('Mod+Shift+Z', false), 'Ctrl+Shift+Z');
  assert.equal(shownKeys('Mod+Shift+Z', true), '⌘⇧Z');
});

test('texts are filled in, and fall back to English', () => {
  const texts = new Map([
    ['en', { a: '{count} of {all}', b: 'only English' }],
    ['zh-CN', { a: '{all} 中的 {count}' }],
  ]);
  const { t, has, all, locale } = createTranslator(texts, 'zh-CN');
  assert.equal(t('a', { count: 1, all: 2 }), '2 中的 1');
  assert.equal(t('b'), 'only English');
  assert.equal(t('missing'), 'missing');
  assert.deepEqual([has('b'), has('c'), all('a').length], [true, false, 2]);
  locale.set('en');
  assert.equal(t('a', { count: 1, all: 2 }), '1 of 2');
  assert.deepEqual(
    [firstLocale(null, ['zh-TW', 'en']), firstLocale('en', ['zh']), firstLocale(null, ['fr'])],
    ['zh-CN', 'en', 'en'],
  );
});

const queue = () => ({ items: signal([]), size: () => 2, refresh: async () => undefined });
const started = (run, job = 'j') => run.onFrame({ type: 'execution_start', data: { prompt_id: job } });
const progress = (run, nodes, job = 'j') => run.onFrame({ type: 'progress_state', data: { prompt_id: job, nodes } });

test('a run is followed from its start to its pictures', () => {
  const run = new RunStates(queue());
  started(run);
  run.onFrame({ type: 'execution_cached', data: { prompt_id: 'j', nodes: ['1'] } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: '2' } });
  progress(run, { 2: { value: 5, max: 10, state: 'running' } });
  assert.equal(run.node('1').get().state, 'cached');
  assert.deepEqual([run.node('2').get().state, run.node('2').get().value, run.progress.get()], ['running', 5, 0.75]);
  run.onFrame({
    type: 'executed',
    data: { prompt_id: 'j', node: '2', output: { images: [{ filename: 'a.png' }], text: [1] } },
  });
  progress(run, { 2: { value: 10, max: 10, state: 'finished', seconds: 1.5 } });
  run.onFrame({ type: 'executing', data: { prompt_id: 'j', node: null } });
  const { state, seconds, pictures, texts } = run.node('2').get();
  assert.deepEqual([state, seconds, pictures.length, texts], ['done', 1.5, 1, ['1']]);
  assert.deepEqual([run.running.get(), run.progress.get()], [false, null]);
});

test('an error marks its node until the node runs again', () => {
  const run = new RunStates(queue());
  started(run);
  const data = {
    prompt_id: 'j',
    node_id: '2',
    exception_message: 'No.',
    advice: 'Do.',
    input_name: 'x',
    traceback: ['t'],
  };
  run.onFrame({ type: 'execution_error', data });
  assert.deepEqual(run.node('2').get().problems, [{ message: 'No.', advice: 'Do.', input: 'x', detail: 't' }]);
  assert.equal(run.problems.get().size, 1);
  started(run, 'k');
  assert.deepEqual([run.node('2').get().state, run.problems.get().size], ['error', 1]);
  run.onFrame({ type: 'executing', data: { prompt_id: 'k', node: '2' } });
  assert.deepEqual([run.node('2').get().state, run.problems.get().size], ['running', 0]);
  run.onFrame({ type: 'execution_error', data: { ...data, prompt_id: 'k', node_id: null } });
  assert.equal(run.failure.get().message, 'No.');
});

test('jobs of a document that is no longer open do not touch the nodes of the new one', () => {
  const run = new RunStates(queue());
  started(run);
  run.reset();
  progress(run, { 2: { value: 1, max: 1, state: 'finished' } });
  assert.equal(run.node('2').get().state, 'idle');
  started(run, 'k');
  progress(run, { 2: { value: 1, max: 1, state: 'finished' } }, 'k');
  assert.equal(run.node('2').get().state, 'done');
});

test('a node inside a subgraph reports to the node that the document has', () => {
  const run = new RunStates(queue());
  started(run);
  progress(run, { '5:12': { value: 1, max: 4, state: 'running' } });
  assert.equal(run.node('5').get().state, 'running');
});

test('what validation found is said in the user’s language where we have it', () => {
  const error = {
    type: 'value_bigger_than_max',
    message: 'Value bigger than max',
    details: "KSampler (node 4): the input 'steps' is too large.",
    extra_info: { input_name: 'steps', input_config: ['INT', { max: 9 }], received_value: 12 },
  };
  const errors = { 4: { errors: [error], dependent_outputs: [], class_type: 'Sampler' } };
  const key = 'problem.value_bigger_than_max';
  const texts = new Map([
    ['en', { [key]: 'unused' }],
    ['zh-CN', { [key]: '{input}={value}>{max}' }],
  ]);
  const label = (type, input) => `${type} ${input}`;
  const found = (locale) => problemsOfValidation(errors, createTranslator(texts, locale), label).get('4');
  const sentence = "The input 'steps' is too large.";
  assert.deepEqual(found('zh-CN'), [{ message: 'Sampler steps=12>9', advice: '', input: 'steps', detail: sentence }]);
  assert.deepEqual(found('en'), [{ message: sentence, advice: '', input: 'steps', detail: '' }]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { fits, fittingInputs, fittingOutputs, refusal } from '../../web/core/compatible.js';
import { addNodes, link, setMode } from '../../web/core/edits.js';
import { score, searchTypes } from '../../web/core/search.js';
import { beforeQueueing, LARGEST_SEED, nextValue, queuedValues } from '../../web/core/seeds.js';
import { outputType } from '../../web/core/sockets.js';
import { VIRTUAL_SPECS } from '../../web/core/virtual.js';
import { createNode } from '../../web/core/create.js';
import { exampleDocument, placed, specOf, specs } from './example-graph.js';

test('types fit when they are equal, share a part, or one takes everything', () => {
  for (const [source, target] of [
    ['A', 'A'],
    ['*', 'A'],
    ['A', '*'],
    ['A,B', 'B, C'],
    ['STRING', 'COMBO'],
    ['COMBO', 'STRING'],
  ]) {
    assert.equal(fits(source, target), true, `${source} ${target}`);
  }
  for (const [source, target] of [
    ['A', 'B'],
    ['A,B', 'C'],
    ['INT', 'FLOAT'],
    ['AB', 'A'],
  ]) {
    assert.equal(fits(source, target), false, `${source} ${target}`);
  }
});

test('a link is refused with its reason', () => {
  const document = exampleDocument();
  const key = (from, output, to, input) => refusal(document, specOf, { from, output, to, input })?.key ?? null;
  assert.equal(key('3', 0, '4', 'latent'), null);
  assert.equal(key('3', 0, '4', 'model'), 'link.refused.type');
  assert.equal(key('4', 0, '4', 'latent'), 'link.refused.self');
  assert.equal(key('3', 0, '4', 'nothing'), 'link.refused.input');
  addNodes([placed('Sampler', '9')]).apply(document);
  link({ id: 90, from: '4', output: 0, to: '9', input: 'latent', type: 'LATENT' }).apply(document);
  assert.equal(key('9', 0, '4', 'latent'), 'link.refused.cycle');
});

test('a node offers its free sockets first, then linked ones, then widgets', () => {
  const document = exampleDocument();
  addNodes([
    placed('Sampler', '9'),
    placed('Empty', '10', { type: 'U', savedOutputs: [{ name: 'o', type: '*', rest: {} }] }),
  ]).apply(document);
  link({ id: 90, from: '1', output: 0, to: '9', input: 'model', type: 'MODEL' }).apply(document);
  assert.deepEqual(fittingInputs(document, specOf, '3', 0, '9'), ['latent']);
  assert.deepEqual(fittingInputs(document, specOf, '10', 0, '9'), ['positive', 'latent', 'model', 'seed', 'steps']);
  assert.deepEqual(fittingInputs(document, specOf, '6', 0, '1'), []);
  assert.deepEqual(fittingOutputs(document, specOf, '1', '5', 'vae'), [2]);
});

test('a reroute has the type of what feeds it', () => {
  const document = exampleDocument();
  const reroute = createNode(VIRTUAL_SPECS.get('Reroute'), '9', { x: 0, y: 0 });
  addNodes([reroute, { ...reroute, id: '10' }]).apply(document);
  assert.equal(outputType(document, specOf, '10', 0), '*');
  link({ id: 90, from: '3', output: 0, to: '9', input: '', type: 'LATENT' }).apply(document);
  link({ id: 91, from: '9', output: 0, to: '10', input: '', type: '*' }).apply(document);
  assert.equal(outputType(document, specOf, '10', 0), 'LATENT');
  assert.equal(refusal(document, specOf, { from: '10', output: 0, to: '4', input: 'model' })?.key, 'link.refused.type');
});

test('pasted nodes have new ids, the links among them, and lie where they were pasted', () => {
  const document = exampleDocument();
  setMode(['4'], 4).apply(document);
  const file = JSON.parse(JSON.stringify(copyNodes(document, new Set(['3', '4']), specs)));
  const { edit, ids } = pasteNodes(document, file, specs, { at: { x: 100, y: 200 }, keepIncoming: false });
  const before = document.links.size;
  const inverse = edit.apply(document);
  assert.deepEqual(ids, ['7', '8']);
  assert.equal(document.links.size, before + 1);
  assert.equal(document.linkInto('8', 'latent').from, '7');
  assert.deepEqual([document.nodes.get('8').mode, document.nodes.get('7').x, document.nodes.get('7').y], [4, 100, 200]);
  inverse.apply(document);
  assert.equal(document.nodes.size, 6);
});

test('links from outside are kept when asked for', () => {
  const document = exampleDocument();
  const file = JSON.parse(JSON.stringify(copyNodes(document, new Set(['4']), specs)));
  pasteNodes(document, file, specs, { at: null, keepIncoming: true }).edit.apply(document);
  assert.deepEqual(
    ['model', 'positive', 'latent'].map((input) => document.linkInto('7', input)?.from),
    ['1', '2', '3'],
  );
  assert.equal(document.linkInto('4', 'model').from, '1');
});

const candidates = [...specs.values()].map((spec) => ({
  spec,
  names: { Sampler: ['采样器', 'Sampler'], Decode: ['解码'] }[spec.type] ?? [],
}));
const found = (query, options) => searchTypes(query, candidates, options).map(({ type }) => type);

test('the search finds a type by its title in any language, its id, and its other names', () => {
  assert.equal(found('samp')[0], 'Sampler');
  assert.deepEqual(found('采样'), ['Sampler']);
  assert.deepEqual(found('denoi'), ['Sampler']);
  assert.deepEqual(found('xyzzy'), []);
  assert.equal(found('').includes('OldLoader'), false);
});

test('better matches come first', () => {
  const scores = ['load', 'load image', 'image loader', 'upload', 'll oo a d'].map((text) => score('load', text));
  assert.deepEqual(
    [...scores].sort((a, b) => b - a),
    scores,
  );
  assert.ok(scores.every((points) => points > 0));
  assert.equal(score('ksa', 'K Sampler Advanced') > 0, true);
});

test('with a link in hand only types that take it are found, the often used first', () => {
  assert.deepEqual(found('', { link: { output: 'LATENT' } }).sort(), ['Decode', 'Sampler']);
  assert.deepEqual(found('', { link: { input: 'IMAGE' }, uses: new Map([['Picture', 3]]) }), ['Picture', 'Decode', 'Filter']);
});

const seed = { name: 'seed', type: 'INT', widget: true, choices: null, options: { min: 0, max: 2 ** 64 } };

test('the next seed stays within 53 bits and the limits', () => {
  assert.equal(nextValue(seed, 5, 'fixed', Math.random), 5);
  assert.equal(nextValue(seed, 5, 'increment', Math.random), 6);
  assert.equal(nextValue(seed, LARGEST_SEED, 'increment', Math.random), 0);
  assert.equal(nextValue(seed, 0, 'decrement', Math.random), LARGEST_SEED);
  assert.equal(
    nextValue(seed, 5, 'randomize', () => 0),
    0,
  );
  assert.equal(
    nextValue(seed, 5, 'randomize', () => 1 - 2 ** -53),
    LARGEST_SEED,
  );
  const choice = { ...seed, type: 'COMBO', choices: ['a', 'b'] };
  assert.deepEqual(
    ['increment', 'decrement'].map((control) => nextValue(choice, 'b', control, Math.random)),
    ['a', 'a'],
  );
});

test('a seed is used once before its control changes it, and a linked one is left alone', () => {
  const document = exampleDocument();
  const ask = (queued) => beforeQueueing(document, specOf, queued, () => 0.5);
  assert.deepEqual(ask(new Map()), []);
  const queued = queuedValues(document, specOf);
  assert.deepEqual([...queued], [['4/seed', 0]]);
  for (const edit of ask(queued)) edit.apply(document);
  const next = document.nodes.get('4').values.seed;
  assert.notEqual(next, 0);
  assert.deepEqual(ask(queued), []);
  link({ id: 90, from: '3', output: 0, to: '4', input: 'seed', type: '*' }).apply(document);
  assert.deepEqual(ask(new Map([['4/seed', next]])), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApiPrompt, readApiPrompt } from '../../web/core/api-format.js';
import { arrange } from '../../web/core/arrange.js';
import { GraphDocument } from '../../web/core/document.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { defaultValues } from '../../web/core/spec.js';
import { pick, randomNumbers, specs } from './example-graph.js';

const prompt = {
  5: {
    class_type: 'Sampler',
    inputs: { seed: 7, steps: 9, model: ['3', 0], latent: ['8:1', 2] },
    _meta: { title: 'Mine' },
  },
  3: { class_type: 'Loader', inputs: { file: 'b.safetensors' }, _meta: { title: 'Loader' } },
  '8:1': { class_type: 'Unknown', inputs: { size: 3, list: { __value__: [1, 2] }, from: ['3', 1], lost: ['99', 0] } },
};

test('a new seed changes after each run, but for that of a node that is to do the same again', () => {
  const sampler = specs.get('Sampler');
  assert.ok(sampler);
  const fixed = { control_after_generate: 'fixed' };
  const inputs = sampler.inputs.map((each) => ({ ...each, options: { ...each.options, ...fixed } }));
  const controls = [sampler, { ...sampler, inputs }].map((each) => defaultValues(each)['seed/control']);
  assert.deepEqual(controls, ['randomize', 'fixed']);
});

test('a prompt becomes nodes with values, titles and links', () => {
  const { nodes, links } = readApiPrompt(prompt, specs);
  const node = Object.fromEntries(nodes.map((each) => [each.id, each]));
  assert.deepEqual(node['5'].values, { seed: 7, 'seed/control': 'randomize', steps: 9 });
  assert.deepEqual([node['5'].title, node['3'].title], ['Mine', null]);
  assert.deepEqual(
    links.map(({ from, output, to, input, type }) => [from, output, to, input, type]),
    [
      ['3', 0, '5', 'model', 'MODEL'],
      ['8:1', 2, '5', 'latent', 'LATENT'],
      ['3', 1, '8:1', 'from', 'CLIP'],
    ],
  );
});

test('a node of an unknown type keeps its values, and has the sockets that are used', () => {
  const unknown = readApiPrompt(prompt, specs).nodes.find(({ type }) => type === 'Unknown');
  assert.deepEqual(unknown.values, { size: 3, list: [1, 2] });
  assert.deepEqual(
    unknown.savedInputs.map(({ name }) => name),
    ['from'],
  );
  assert.equal(unknown.savedOutputs.length, 3);
});

test('an opened prompt that is saved and opened again is the same', () => {
  const document = new GraphDocument();
  document.replace(readApiPrompt(prompt, specs));
  const again = readWorkflow(JSON.parse(JSON.stringify(writeWorkflow(document, specs))), specs);
  assert.deepEqual(again.links, [...document.links.values()]);
  for (const node of again.nodes) assert.deepEqual(node.values, document.nodes.get(node.id).values);
});

test('the two formats are told apart', () => {
  assert.equal(isApiPrompt(prompt), true);
  for (const other of [{}, [], null, { nodes: [] }, { 1: { inputs: {} } }]) assert.equal(isApiPrompt(other), false);
});

const boxes = (count) =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), width: 100, height: 50 + index }));
const overlaps = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('arranged nodes do not overlap, and links lead from left to right', () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const random = randomNumbers(seed);
    const all = boxes(2 + Math.floor(random() * 12));
    const links = all.flatMap((box, index) =>
      index > 0 && random() < 0.8 ? [{ from: pick(random, all.slice(0, index)).id, to: box.id }] : [],
    );
    const places = arrange(all, links, { x: 5, y: 6 });
    const rects = all.map((box) => ({ ...box, ...places.get(box.id) }));
    for (const [index, a] of rects.entries())
      for (const b of rects.slice(index + 1)) assert.equal(overlaps(a, b), false, `seed ${seed}`);
    for (const { from, to } of links) assert.ok(places.get(from).x + 100 <= places.get(to).x, `seed ${seed}`);
    assert.deepEqual([Math.min(...rects.map(({ x }) => x)), Math.min(...rects.map(({ y }) => y))], [5, 6]);
  }
});

test('a circle of links can be arranged too', () => {
  const places = arrange(
    boxes(3),
    [
      { from: '0', to: '1' },
      { from: '1', to: '0' },
      { from: '1', to: '2' },
    ],
    { x: 0, y: 0 },
  );
  assert.equal(places.size, 3);
});

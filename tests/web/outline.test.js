import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyNode, placeOf } from '../../web/core/every-node.js';
import { findNodes } from '../../web/core/find.js';
import { linkSources, linkTargets, outlineRows } from '../../web/core/outline.js';

const node = (id, type, values = {}) => ({ id, type, title: null, values });
const wire = (id, from, output, to, input) => ({ id, from, output, to, input, type: 'X' });

/** Load → Sample → Save, put down in the opposite order. */
function graph() {
  const nodes = new Map([node('3', 'Save'), node('2', 'Sample'), node('1', 'Load')].map((each) => [each.id, each]));
  const links = new Map([wire(1, '1', 0, '2', 'model'), wire(2, '2', 0, '3', 'images')].map((each) => [each.id, each]));
  const all = [...links.values()];
  const document = {
    nodes,
    links,
    order: [...nodes.keys()],
    linksOf: (id) => all.filter(({ from, to }) => from === id || to === id),
    linkInto: (id, input) => all.find((each) => each.to === id && each.input === input) ?? null,
  };
  const inputs = { Load: [], Sample: ['model', 'steps'], Save: ['images'] };
  const types = { model: 'MODEL', steps: 'INT', images: 'IMAGE' };
  const outputs = { Load: ['MODEL', 'INT'], Sample: ['IMAGE'], Save: [] };
  return {
    document,
    inputs: ({ type }) => inputs[type].map((name) => ({ name, type: types[name], widget: name === 'steps' })),
    outputs: ({ type }) => outputs[type].map((each) => ({ name: each, type: each })),
    outputType: (id, output) => outputs[nodes.get(id).type][output],
  };
}

test('the outline lists nodes in the order of the work, and below an open one its inputs and outputs', () => {
  const rows = outlineRows(graph(), new Set(['2']));
  assert.deepEqual(rows.map(({ key }) => key), ['1', '2', '2<model', '2<steps', '2>0', '3']);
  assert.deepEqual(rows.filter(({ level }) => level === 1).map(({ at, count }) => [at, count]), [[0, 3], [1, 3], [2, 3]]);
  assert.deepEqual(rows.filter(({ level }) => level === 2).map(({ at, count }) => [at, count]), [[0, 3], [1, 3], [2, 3]]);
});

test('a link is offered where it fits and makes no circle', () => {
  const ends = linkTargets(graph(), '1', 1).map(({ node: id, input }) => `${id} ${input.name}`);
  assert.deepEqual(ends, ['2 steps']);
  assert.deepEqual(linkTargets(graph(), '2', 0).map(({ node: id }) => id), ['3']);
  const [images] = graph().inputs({ type: 'Save' });
  assert.deepEqual(linkSources(graph(), '3', images).map(({ node: id, output }) => [id, output]), [['2', 0]]);
  const [model] = graph().inputs({ type: 'Sample' });
  assert.deepEqual(linkSources(graph(), '2', model).map(({ node: id }) => id), ['1']);
});

const inside = { nodes: [node('7', 'Blur', { text: 'soft' })], links: [], groups: [], rest: {} };
const contents = {
  nodes: [node('1', 'KSampler', { steps: 20, text: 'a red  heart\non blue' }), node('12', 'sub'), node('2', 'Save')],
  links: [],
  groups: [],
  rest: {},
  definitions: new Map([['sub', inside]]),
};
const describe = ({ type, values }) => ({ title: type, names: type === 'KSampler' ? ['K 采样器'] : [], values: Object.entries(values) });
const found = (query) => findNodes(query, everyNode(contents), describe).map(({ place, where, text }) => [place, where, text]);

test('nodes are found by id, title, name in any language, and value', () => {
  assert.deepEqual(found('12'), [['12', 'id', '#12']]);
  assert.deepEqual(found('#2'), [['2', 'id', '#2']]);
  assert.deepEqual(found('ksam'), [['1', 'title', '']]);
  assert.deepEqual(found('采样'), [['1', 'type', 'K 采样器']]);
  assert.deepEqual(found('red heart'), [['1', 'value', 'text: a red heart on blue']]);
  assert.deepEqual(found('steps 20'), [['1', 'value', 'steps: 20']]);
  assert.deepEqual([found(' '), found('nothing')], [[], []]);
});

test('what lies in subgraphs is found at its place from the root', () => {
  assert.deepEqual(found('soft'), [['12:7', 'value', 'text: soft']]);
  assert.equal(placeOf([node('12', 'sub')], '7'), '12:7');
});

test('a subgraph that contains itself is gone through once', () => {
  const itself = { nodes: [node('1', 'sub')], links: [], groups: [], rest: {} };
  const definitions = new Map([['sub', itself]]);
  assert.equal(everyNode({ ...itself, definitions }).length, 2);
});

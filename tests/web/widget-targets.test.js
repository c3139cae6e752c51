// The widgets that a sweep can change: those of the nodes before it, by names that say which one is meant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphDocument } from '../../web/core/document.js';
import { addNodes, link } from '../../web/core/edits.js';
import { readWorkflow } from '../../web/core/format.js';
import { searchTypes } from '../../web/core/search.js';
import { widgetTargets as targets } from '../../web/core/widget-targets.js';
import { specFinder } from '../../web/core/virtual.js';
import { widgetKind } from '../../web/widgets/kinds.js';
import { typedValue } from '../../web/widgets/targets.js';
import { exampleDocument, placed, specs, specOf } from './example-graph.js';
import { workflow } from './subgraph-examples.js';

const widgetTargets = (...given) => targets(...given).map(({ name }) => name);
const describe = (node) => ({ title: node.title ?? specOf(node).title, inputs: specOf(node).inputs });

test('they are those of all nodes before it, the nearest first', () => {
  const document = exampleDocument();
  assert.deepEqual(widgetTargets(document, '6', describe), [
    'Sampler.seed', 'Sampler.steps', 'Loader.file', 'Encode.text', 'Empty.width',
  ]);
  assert.deepEqual(widgetTargets(document, '2', describe), ['Loader.file']);
  assert.deepEqual(widgetTargets(document, '1', describe), []);
});

test('a title names a node, and an id one of those that are called alike', () => {
  const document = exampleDocument();
  addNodes([placed('Encode', '7', { title: 'Positive' }), placed('Sampler', '8')]).apply(document);
  link({ id: document.freshLinkId(), from: '7', output: 0, to: '8', input: 'positive', type: 'CONDITIONING' }).apply(document);
  link({ id: document.freshLinkId(), from: '4', output: 0, to: '8', input: 'latent', type: 'LATENT' }).apply(document);
  link({ id: document.freshLinkId(), from: '8', output: 0, to: '5', input: 'samples', type: 'LATENT' }).apply(document);
  assert.deepEqual(widgetTargets(document, '8', describe).slice(0, 2), ['Positive.text', 'Sampler.seed']);
  const names = widgetTargets(document, '8', () => ({ title: 'Same', inputs: [{ name: 'x', widget: true, options: {} }] }));
  assert.deepEqual(names, ['7.x', '4.x', '1.x', '2.x', '3.x']);
});

test('an input that names a widget has a widget of its own kind, and internal nodes are not offered', () => {
  const input = { name: 'x', type: 'STRING', required: true, widget: true, choices: null, options: { widgetTarget: [] } };
  assert.equal(widgetKind(input), 'target');
  const candidates = (internal) => [{ spec: { ...specs.get('Sampler'), internal }, names: ['Sampler'] }];
  assert.equal(searchTypes('sampler', candidates(false)).length, 1);
  assert.equal(searchTypes('sampler', candidates(true)).length, 0);
});

test('those of nodes in subgraphs have the titles of the instances before them', () => {
  const document = new GraphDocument();
  document.replace(readWorkflow(structuredClone(workflow), specs));
  const spec = specFinder(specs, document.definitions);
  const found = targets(document, '4', (node) => ({ title: node.title ?? spec(node).title, inputs: spec(node).inputs }));
  assert.deepEqual(found.map(({ name, place }) => [name, place]), [
    ['Drawing › Sampler.seed', '2:5.seed'],
    ['Drawing › Sampler.steps', '2:5.steps'],
    ['Drawing › First › Encode.text', '2:3:1.text'],
    ['Loader.file', '1.file'],
  ]);
});

test('the value that is typed is the one before the caret, unless that is in the middle of it', () => {
  const typed = (text) => {
    const found = typedValue(text.replace('|', ''), text.indexOf('|'));
    return found && [found.start, found.letters, [...found.others].filter(Boolean)];
  };
  assert.deepEqual(typed('|'), [0, '', []]);
  assert.deepEqual(typed('eu|'), [0, 'eu', []]);
  assert.deepEqual(typed('euler, dp|, heun'), [7, 'dp', ['euler', 'heun']]);
  assert.deepEqual(typed('euler\n"my lo|'), [6, 'my lo', ['euler']]);
  assert.equal(typed('eu|ler'), null);
});

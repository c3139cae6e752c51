// The widgets that a sweep can change: those of the nodes before it, by names that say which one is meant.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addNodes, link } from '../../web/core/edits.js';
import { searchTypes } from '../../web/core/search.js';
import { widgetTargets } from '../../web/core/widget-targets.js';
import { widgetKind } from '../../web/widgets/kinds.js';
import { exampleDocument, placed, specs, specOf } from './example-graph.js';

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

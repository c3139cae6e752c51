import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moved, possibleFields, readForm, setForm, shownFields, shownResults } from '../../web/core/form.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { GraphDocument } from '../../web/core/document.js';
import { History } from '../../web/core/history.js';
import { removeNodes, setMode } from '../../web/core/edits.js';
import { inputsOf } from '../../web/core/sockets.js';
import { exampleDocument, specOf, specs } from './example-graph.js';

const inputsIn = (document) => (node) => inputsOf(document, node, specOf(node));
const keys = (fields) => fields.map(({ node, input }) => `${node}/${input}`);

test('a document without a form offers every widget that counts, in the order of execution', () => {
  const document = exampleDocument();
  assert.deepEqual(keys(shownFields(document, inputsIn(document))), [
    '1/file',
    '3/width',
    '2/text',
    '4/seed',
    '4/steps',
    '6/prefix',
  ]);
  setMode(['3'], 2).apply(document);
  assert.ok(!keys(possibleFields(document, inputsIn(document))).includes('3/width'));
});

test('a form goes with the file, in its order and with its labels, and undo takes it away', () => {
  const document = exampleDocument();
  const history = new History(document);
  const before = JSON.stringify(writeWorkflow(document, specs));
  const fields = [
    { node: '4', input: 'steps', label: 'Effort' },
    { node: '2', input: 'text', label: null },
  ];
  history.perform(setForm({ fields, results: ['6'] }));
  const opened = new GraphDocument();
  opened.replace(readWorkflow(JSON.parse(JSON.stringify(writeWorkflow(document, specs))), specs));
  assert.deepEqual(readForm(opened.rest), { fields, results: ['6'] });
  assert.deepEqual(shownFields(opened, inputsIn(opened)), fields);
  assert.deepEqual(shownResults(opened, specOf), ['6']);
  history.undo();
  assert.equal(JSON.stringify(writeWorkflow(document, specs)), before);
});

test('fields of nodes that are gone are not shown, and come back with them', () => {
  const document = exampleDocument();
  const history = new History(document);
  const fields = [{ node: '2', input: 'text', label: null }];
  history.perform(setForm({ fields, results: null }));
  history.perform(removeNodes(['2']));
  assert.deepEqual(shownFields(document, inputsIn(document)), []);
  history.undo();
  assert.deepEqual(shownFields(document, inputsIn(document)), fields);
});

test('a form that is none is passed over', () => {
  for (const saved of [null, 3, [], { fields: 'all' }, { fields: [3, {}, { node: 1 }, { node: [], input: 'x' }] }]) {
    const { fields, results } = readForm({ extra: { 'safelight.form': saved } });
    assert.deepEqual(fields ?? [], []);
    assert.equal(results, null);
  }
});

test('an item is moved to the place it shall have', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a']);
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 0), ['c', 'a', 'b']);
  assert.deepEqual(moved(['a', 'b', 'c'], 1, 1), ['a', 'b', 'c']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { GraphDocument } from '../../web/core/document.js';
import * as edits from '../../web/core/edits.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { promote } from '../../web/core/promotion.js';
import { History } from '../../web/core/history.js';
import { levelFile, withAnswer } from '../../web/core/level-file.js';
import { beforeQueueing, queuedValues } from '../../web/core/seeds.js';
import { createSelection } from '../../web/core/selection.js';
import { inputsOf, outputsOf } from '../../web/core/sockets.js';
import { FREE, INPUTS, OUTPUTS, portsOf } from '../../web/core/subgraph-border.js';
import { shownValue } from '../../web/core/subgraph-values.js';
import * as subgraphs from '../../web/core/subgraphs.js';
import { specFinder } from '../../web/core/virtual.js';
import { specs } from './example-graph.js';
import { drawing, words, workflow } from './subgraph-examples.js';

const open = (file = workflow) => {
  const document = new GraphDocument();
  document.replace(readWorkflow(structuredClone(file), specs));
  return document;
};
const text = (document) => JSON.stringify(writeWorkflow(document, specs));
const save = (document) => JSON.parse(text(document));
const specOf = (document) => specFinder(specs, document.definitions);
const face = (document, id) => {
  const node = document.nodes.get(id);
  return inputsOf(document, node, specOf(document)(node)).map((input) => [input.name, input.widget, shownValue(node, input)]);
};
const change = (label, contents) => subgraphs.changeContents(label, contents);
const savedNode = (graph, id) => graph.nodes.find((node) => node.id === id);
const savedDefinition = (file, id) => file.definitions.subgraphs.find((each) => each.id === id);

test('subgraphs that nobody has changed are saved as their file has them, whichever level is shown', () => {
  const document = open();
  const before = text(document);
  assert.deepEqual(save(document).definitions, workflow.definitions);
  document.show(['2', '3']);
  assert.equal(text(document), before);
  document.show([]);
  assert.equal(text(document), before);
});

test('an instance shows the inputs of its subgraph and the widgets that its file lists, with values of its own or the inner ones', () => {
  const document = open();
  assert.deepEqual(face(document, '2'), [
    ['model', false, null],
    ['clip', false, null],
    ['3:text', true, 'a bird'],
    ['5:seed', true, 11],
    ['5:steps', true, 20],
  ]);
  assert.equal(document.nodes.get('2').values['5:seed/control'], 'fixed');
  assert.deepEqual(face(document, '3').map(([name]) => name), ['model', 'clip']);
  document.show(['2']);
  assert.deepEqual(face(document, '3'), [['clip', false, null], ['text', true, 'a dog']]);
  assert.deepEqual(face(document, '4'), [['clip', false, null], ['text', true, 'a cat']]);
});

test('the borders of a subgraph are nodes of its level, with a free socket each', () => {
  const document = open();
  document.show(['2']);
  const sockets = (id, of) => of(document, document.nodes.get(id), specOf(document)(document.nodes.get(id))).map(({ name }) => name);
  assert.deepEqual(sockets(INPUTS, outputsOf), ['model', 'clip', FREE]);
  assert.deepEqual(sockets(OUTPUTS, inputsOf), ['d-out', FREE]);
  assert.deepEqual([document.linkInto('5', 'model').from, document.linkInto(OUTPUTS, 'd-out').from], [INPUTS, '5']);
  assert.deepEqual(document.path, ['2']);
  assert.equal(document.shown, 'drawing');
});

test('a way that leads nowhere is gone as far as it leads', () => {
  const document = open();
  document.show(['2', '3', '9']);
  assert.deepEqual(document.path, ['2', '3']);
  assert.equal(document.nodeAt('2:3:1').type, 'Encode');
  assert.equal(document.nodeAt('2:5').type, 'Sampler');
  assert.equal(document.nodeAt('2:9'), null);
});

test('a change inside changes all instances, and is one step of undo that leads back to where it was made', () => {
  const document = open();
  const history = new History(document);
  const before = text(document);
  document.show(['2', '3']);
  history.perform(edits.setValue('1', 'text', 'a fish'));
  document.show(['3']);
  history.perform(edits.setValue('5', 'steps', 5));
  document.show([]);
  history.perform(edits.setTitle('1', 'The model'));
  const after = text(document);
  assert.equal(savedDefinition(save(document), 'words').nodes[0].widgets_values[0], 'a fish');
  history.undo();
  assert.deepEqual(document.path, []);
  history.undo();
  assert.deepEqual(document.path, ['3']);
  history.undo();
  assert.deepEqual(document.path, ['2', '3']);
  assert.equal(text(document), before);
  for (let step = 0; step < 3; step += 1) history.redo();
  assert.deepEqual(document.path, []);
  assert.equal(text(document), after);
});

test('typing in two levels one after the other are two steps', () => {
  const document = open();
  const history = new History(document);
  document.show(['2']);
  history.perform(edits.setValue('3', 'text', 'x', 'value 3 text'));
  document.show([]);
  history.perform(edits.setValue('3', 'text', 'y', 'value 3 text'));
  history.undo();
  document.show(['2']);
  assert.equal(document.nodes.get('3').values.text, 'x');
});

test('another level has none of what was selected, though nodes have the same ids', () => {
  const document = open();
  const selection = createSelection(document);
  selection.set(['3']);
  document.show(['2']);
  assert.deepEqual([...selection.ids.peek()], []);
});

test('looking at another level is no change of the document', () => {
  const document = open();
  const { version } = document;
  const levels = [];
  document.onChange((event) => levels.push([event.level, event.replaced]));
  document.show(['2']);
  document.show(['2', '3']);
  assert.equal(document.version, version);
  assert.deepEqual(levels, [[true, false], [true, false]]);
  document.replace({ nodes: [], links: [], groups: [], rest: {} });
  assert.deepEqual([document.path, document.definitions.size], [[], 0]);
});

test('a link to the free socket of a border makes an input of what it leads to', () => {
  const document = open();
  const history = new History(document);
  const before = text(document);
  document.show(['2']);
  const made = { id: document.freshLinkId(), from: INPUTS, output: 2, to: '5', input: 'seed', type: 'INT' };
  history.perform(edits.link(made));
  assert.deepEqual(portsOf(document.nodes.get(INPUTS)).map(({ name, type }) => [name, type]), [
    ['model', 'MODEL'],
    ['clip', 'CLIP'],
    ['seed', 'INT'],
  ]);
  history.perform(edits.link({ id: document.freshLinkId(), from: '4', output: 0, to: OUTPUTS, input: FREE, type: 'CONDITIONING' }));
  document.show([]);
  assert.deepEqual(face(document, '3').at(-1), ['seed', true, 7]);
  const instance = document.nodes.get('3');
  assert.deepEqual(outputsOf(document, instance, specOf(document)(instance)).map(({ name }) => name), ['LATENT', 'CONDITIONING']);
  const after = text(document);
  history.undo();
  history.undo();
  assert.equal(text(document), before);
  history.redo();
  history.redo();
  assert.equal(text(document).replace(/[0-9a-f-]{36}/g, ''), after.replace(/[0-9a-f-]{36}/g, ''));
  assert.equal(text(document), after);
});

test('the borders stay when everything is removed, and are not copied', () => {
  const document = open();
  document.show(['2']);
  const copied = copyNodes(document, new Set(document.nodes.keys()), specs);
  assert.deepEqual(copied.nodes.map(({ id }) => id), [3, 4, 5]);
  edits.removeNodes([...document.nodes.keys()]).apply(document);
  assert.deepEqual([...document.nodes.keys()], [INPUTS, OUTPUTS]);
});

test('an input that is removed takes its links inside and outside along; others keep theirs', () => {
  const document = open();
  const history = new History(document);
  const before = text(document);
  history.perform(change('edit.port', subgraphs.removePort(document.contents(), 'drawing', 'inputs', 0)));
  assert.equal(document.linkInto('2', 'model'), null);
  assert.equal(document.linkInto('2', 'clip').from, '1');
  document.show(['2']);
  assert.deepEqual([document.linkInto('3', 'clip').output, document.linkInto('5', 'model')], [0, null]);
  history.undo();
  assert.equal(text(document), before);
});

test('outputs that change places keep what they lead to', () => {
  const document = open();
  document.show(['2']);
  edits.link({ id: 90, from: '4', output: 0, to: OUTPUTS, input: FREE, type: 'CONDITIONING' }).apply(document);
  document.show([]);
  change('edit.port', subgraphs.movePort(document.contents(), 'drawing', 'outputs', 0, 1)).apply(document);
  assert.equal(document.linkInto('4', 'samples').output, 1);
  const saved = savedDefinition(save(document), 'drawing');
  assert.deepEqual(saved.outputs.map(({ name }) => name), ['CONDITIONING', 'LATENT']);
  assert.deepEqual(saved.links.filter((link) => link.target_id === -20).map((link) => [link.origin_id, link.target_slot]), [
    [5, 1],
    [4, 0],
  ]);
});

test('another label is shown on instances and written where files have it; names stay', () => {
  const document = open();
  change('edit.port', subgraphs.relabelPort(document.contents(), 'drawing', 'inputs', 'd-model', 'Which model')).apply(document);
  assert.equal(specOf(document)(document.nodes.get('2')).inputs[0].label, 'Which model');
  const saved = save(document);
  assert.deepEqual(savedDefinition(saved, 'drawing').inputs[0].label, 'Which model');
  assert.deepEqual(savedNode(saved, 2).inputs[0], { name: 'model', type: 'MODEL', link: 1, label: 'Which model' });
});

test('another type drops the links that do not fit it', () => {
  const document = open();
  const retyped = (type) => subgraphs.retypePort(document.contents(), 'drawing', 'inputs', 0, type, specOf(document));
  change('edit.port', retyped('VAE')).apply(document);
  assert.equal(document.linkInto('2', 'model'), null);
  document.show(['2']);
  assert.equal(document.linkInto('5', 'model'), null);
});

test('a widget that is promoted is shown on all instances, and demoted on none', () => {
  const document = open();
  const history = new History(document);
  const before = text(document);
  const widget = { node: '4', name: 'text', source: '' };
  history.perform(change('edit.promote', promote(document.contents(), 'drawing', widget, true)));
  assert.deepEqual(face(document, '2').at(-1), ['4:text', true, 'a cat']);
  assert.deepEqual(face(document, '3').at(-1), ['4:text', true, 'a cat']);
  history.perform(edits.setValue('3', '4:text', 'a cow'));
  const saved = save(document);
  assert.deepEqual(savedNode(saved, 3).properties.proxyWidgets, [['4', 'text']]);
  assert.deepEqual(savedNode(saved, 3).widgets_values, ['a cow']);
  assert.deepEqual(savedNode(saved, 2).widgets_values, ['a bird', 11, 'fixed', null, null]);
  assert.equal(text(open(saved)), text(document));
  history.perform(change('edit.demote', promote(document.contents(), 'drawing', widget, false)));
  assert.deepEqual(face(document, '3').map(([name]) => name), ['model', 'clip']);
  for (let step = 0; step < 3; step += 1) history.undo();
  assert.equal(text(document), before);
});

test('what becomes of a promoted seed is listed as ComfyUI lists it', () => {
  const document = open();
  const promoted = promote(document.contents(), 'drawing', { node: '5', name: 'seed', source: '' }, true);
  change('edit.promote', promoted).apply(document);
  edits.setValue('3', '5:seed', 3).apply(document);
  edits.setValue('3', '5:seed/control', 'increment').apply(document);
  const saved = savedNode(save(document), 3);
  assert.deepEqual(saved.properties.proxyWidgets, [['5', 'seed'], ['5', 'control_after_generate']]);
  assert.deepEqual(saved.widgets_values, [3, 'increment']);
  assert.equal(text(open(save(document))), text(document));
});

test('seeds inside change from job to job, but for those that every instance has a value for', () => {
  const document = open();
  const ask = (queued) => beforeQueueing(document, specOf(document), queued, () => 0.5);
  const queued = queuedValues(document, specOf(document));
  assert.deepEqual([...queued], [['2/5:seed', 11], ['drawing/5/seed', 7]]);
  const [edit] = ask(queued);
  const inverse = edit.apply(document);
  document.show(['2']);
  assert.notEqual(document.nodes.get('5').values.seed, 7);
  document.show([]);
  inverse.apply(document);
  edits.removeNodes(['3']).apply(document);
  assert.deepEqual([...queuedValues(document, specOf(document)).keys()], ['2/5:seed']);
});

test('an instance that becomes independent has a subgraph of its own', () => {
  const document = open();
  change('edit.independent-subgraph', subgraphs.makeIndependent(document.contents(), null, '3')).apply(document);
  const { type } = document.nodes.get('3');
  assert.notEqual(type, 'drawing');
  document.show(['3']);
  edits.removeNodes(['4']).apply(document);
  document.show(['2']);
  assert.ok(document.nodes.has('4'));
  assert.equal(savedDefinition(save(document), type).id, type);
});

test('subgraphs stay when nothing is made of them any more, until they are dropped', () => {
  const document = open();
  const history = new History(document);
  history.perform(edits.removeNodes(['2', '3']));
  assert.equal(save(document).definitions.subgraphs.length, 2);
  const before = text(document);
  history.perform(change('edit.drop-subgraphs', subgraphs.dropUnused(document.contents())));
  assert.deepEqual(save(document).definitions?.subgraphs ?? [], []);
  history.undo();
  assert.equal(text(document), before);
});

test('a subgraph is deleted with its instances on all levels, and whoever looks into it is led out', () => {
  const document = open();
  const history = new History(document);
  const before = text(document);
  document.show(['2', '3']);
  history.perform(change('edit.delete-subgraph', subgraphs.dropSubgraph(document.contents(), 'words')));
  assert.deepEqual(document.path, ['2']);
  assert.deepEqual([...document.nodes.keys()], [INPUTS, OUTPUTS, '5']);
  history.undo();
  assert.deepEqual(document.path, ['2', '3']);
  assert.equal(text(document), before);
});

test('copied instances bring their subgraphs along, and nothing else', () => {
  const from = open();
  const file = JSON.parse(JSON.stringify(copyNodes(from, new Set(['2']), specs)));
  assert.deepEqual(file.definitions.subgraphs.map(({ id }) => id).sort(), ['drawing', 'words']);
  const document = new GraphDocument();
  const history = new History(document);
  history.perform(pasteNodes(document, file, specs, { at: null, keepIncoming: false }).edit);
  assert.deepEqual([...document.definitions.keys()].sort(), ['drawing', 'words']);
  history.undo();
  assert.equal(document.definitions.size, 0);
  assert.equal(copyNodes(from, new Set(['1']), specs).definitions, undefined);
});

test('a pasted subgraph is the one that is there if it says the same, else one of its own with those around it', () => {
  const document = open();
  const same = pasteNodes(document, structuredClone(workflow), specs, { at: null, keepIncoming: false });
  same.edit.apply(document);
  assert.equal(document.definitions.size, 2);
  const other = structuredClone(workflow);
  other.definitions.subgraphs[0].nodes[0].widgets_values = ['a horse'];
  const { edit, ids } = pasteNodes(document, other, specs, { at: null, keepIncoming: false });
  edit.apply(document);
  assert.equal(document.definitions.size, 4);
  const pasted = document.nodes.get(ids[1]);
  assert.notEqual(pasted.type, 'drawing');
  document.show([ids[1], '4']);
  assert.equal(document.nodes.get('1').values.text, 'a horse');
});

test('a subgraph cannot come to be in itself', () => {
  const document = open();
  document.show(['2', '3']);
  const paste = () => pasteNodes(document, structuredClone(workflow), specs, { at: null, keepIncoming: false });
  assert.throws(paste, { key: 'subgraph.recursive', values: { name: 'Words' } });
});

test('a file in which a subgraph is in itself can be opened and saved', () => {
  const inner = { ...structuredClone(words), nodes: [...words.nodes, { id: 7, type: 'words', pos: [0, 0], inputs: [], outputs: [] }] };
  const file = { ...workflow, definitions: { subgraphs: [inner, drawing] } };
  const document = open(file);
  assert.deepEqual(save(document).definitions, file.definitions);
  assert.deepEqual(save(open(save(document))), save(document));
});

test('what is no definition is written back as it was', () => {
  const broken = [null, { id: 'x' }, { id: 'y', nodes: [{ id: 1 }] }];
  const file = { ...workflow, definitions: { other: 1, subgraphs: [words, drawing, ...broken] } };
  assert.deepEqual(save(open(file)).definitions, file.definitions);
});

test('a level goes to the server with its borders, and comes back with what was made of it', () => {
  const document = open();
  document.show(['2']);
  const file = JSON.parse(JSON.stringify(levelFile(document, specs)));
  assert.deepEqual(file.nodes.map(({ id }) => id), [-10, -20, 3, 4, 5]);
  assert.deepEqual(file.links.at(-1), [6, 5, 0, -20, 0, 'LATENT']);
  const before = text(document);
  const unchanged = withAnswer(document, file, structuredClone(file), specs);
  change('edit.make-subgraph', unchanged.contents).apply(document);
  assert.equal(text(document), before);
  assert.deepEqual(unchanged.fresh, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readApiPrompt } from '../../web/core/api-format.js';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { fittingInputs, refusal } from '../../web/core/compatible.js';
import { createNode, suggestedSize } from '../../web/core/create.js';
import { GraphDocument } from '../../web/core/document.js';
import { addNodes, link, removeNodes, unlink } from '../../web/core/edits.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { History } from '../../web/core/history.js';
import { firstInput } from '../../web/core/search.js';
import { inputsOf, outputsOf } from '../../web/core/sockets.js';
import { readSpecs } from '../../web/core/spec.js';
import { furtherNames } from '../../web/core/variadic.js';
import { specFinder } from '../../web/core/virtual.js';
import { pick, randomNumbers } from './example-graph.js';

const type = (required, output, more = {}) => ({ display_name: 'T', input: { required }, output, ...more });
const specs = readSpecs({
  Source: type({}, ['IMAGE']),
  Masks: type({}, ['MASK'], { output_is_list: [true] }),
  Batch: type({ size: ['INT', {}] }, ['IMAGE'], { variadic: ['IMAGE', { is_list: true }] }),
  Any: type({ input_1: ['*', {}] }, [], { variadic: ['*', {}] }),
  Foreign: type({ image: ['IMAGE', {}] }, [], { variadic: ['*', { forceInput: true }] }),
  Texts: type({}, [], { variadic: ['STRING', { multiline: true }] }),
  Either: type({ picture: ['IMAGE,MASK', {}] }, []),
});
const specOf = specFinder(specs);
const names = (document, id, find = specOf) => {
  const node = document.nodes.get(id);
  return inputsOf(document, node, find(node)).map((input) => input.name);
};

/** Nodes of these types, called 1, 2, 3 … */
function documentOf(...types) {
  const document = new GraphDocument();
  addNodes(types.map((each, index) => createNode(specs.get(each), String(index + 1), { x: 0, y: 0 }))).apply(document);
  return document;
}

const wire = (document, from, to, input, kind = 'IMAGE') =>
  link({ id: document.freshLinkId(), from, output: 0, to, input, type: kind });
const load = (file, known = specs) => {
  const document = new GraphDocument();
  document.replace(readWorkflow(JSON.parse(JSON.stringify(file)), known));
  return document;
};

test('a node that takes any number of inputs always has a free one', () => {
  const document = documentOf('Source', 'Batch');
  const history = new History(document);
  assert.deepEqual(names(document, '2'), ['size', 'image_1']);
  for (const input of ['image_1', 'image_2', 'image_3']) history.perform(wire(document, '1', '2', input));
  assert.deepEqual(names(document, '2'), ['size', 'image_1', 'image_2', 'image_3', 'image_4']);
  history.perform(unlink(document.linkInto('2', 'image_3').id));
  assert.deepEqual(names(document, '2'), ['size', 'image_1', 'image_2', 'image_3']);
  history.perform(unlink(document.linkInto('2', 'image_1').id));
  assert.deepEqual(names(document, '2'), ['size', 'image_1', 'image_2']);
  history.undo();
  history.undo();
  assert.deepEqual(names(document, '2').at(-1), 'image_4');
  history.perform(removeNodes(['1']));
  assert.deepEqual(names(document, '2'), ['size', 'image_1']);
});

test('whatever is linked, every link has its input, and one with the lowest number is free', () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = randomNumbers(seed);
    const kind = pick(random, ['IMAGE', '*', 'A,B', 'WEIRD-TYPE']);
    const known = Array.from({ length: Math.floor(random() * 6) }, () =>
      pick(random, ['dog', 'image_1', 'image_2', 'image_7', 'image_07', 'x1', '12', 'input_3', '']),
    ).filter((name, index, all) => all.indexOf(name) === index);
    const linked = new Set(known.filter(() => random() < 0.7));
    const found = furtherNames(kind, known, (name) => linked.has(name), (name) => name === 'input_1');
    const free = found.filter((name) => !known.includes(name) || (/\d$/.test(name) && !linked.has(name)));
    const context = `seed ${seed}: ${known} → ${found}`;
    assert.equal(new Set(found).size, found.length, context);
    for (const name of linked) assert.ok(found.includes(name), context);
    assert.ok(!found.includes('input_1') || known.includes('input_1'), context);
    assert.ok(free.length >= 1, context);
    assert.ok(found.filter((name) => !known.includes(name)).length <= 1, context);
  }
});

test('an input that is declared is never given as a further one', () => {
  const document = documentOf('Any');
  assert.deepEqual(names(document, '1'), ['input_1', 'input_2']);
});

test('a node that merely does not refuse further links offers none, and keeps those that it has', () => {
  const document = documentOf('Source', 'Foreign');
  assert.deepEqual(names(document, '2'), ['image']);
  wire(document, '1', '2', 'extra').apply(document);
  assert.deepEqual(names(document, '2'), ['image', 'extra']);
  assert.deepEqual(names(load(writeWorkflow(document, specs)), '2'), ['image', 'extra']);
});

test('further inputs are saved, read, copied and pasted by their names', () => {
  const document = documentOf('Source', 'Batch');
  for (const input of ['image_1', 'image_2', 'dog']) wire(document, '1', '2', input).apply(document);
  const file = writeWorkflow(document, specs);
  const saved = file.nodes.find((node) => node.id === 2);
  assert.deepEqual(
    saved.inputs.map(({ name, type: kind, link: id }) => [name, kind, id]),
    [
      ['dog', 'IMAGE', 3],
      ['image_1', 'IMAGE', 1],
      ['image_2', 'IMAGE', 2],
      ['image_3', 'IMAGE', null],
    ],
  );
  const again = load(file);
  assert.deepEqual(names(again, '2'), names(document, '2'));
  unlink(again.linkInto('2', 'image_2').id).apply(again);
  assert.deepEqual(names(again, '2'), ['size', 'dog', 'image_1', 'image_2']);
  const copied = copyNodes(document, new Set(['1', '2']), specs);
  pasteNodes(document, copied, specs, { at: null, keepIncoming: false }).edit.apply(document);
  assert.deepEqual(names(document, '4'), names(document, '2'));
  assert.equal(document.linkInto('4', 'dog').from, '3');
});

test('the names that another program gave are continued', () => {
  const prompt = { 1: { class_type: 'Source', inputs: {} }, 2: { class_type: 'Batch', inputs: { image2: ['1', 0] } } };
  const document = new GraphDocument();
  document.replace(readApiPrompt(prompt, specs));
  assert.deepEqual(names(document, '2'), ['size', 'image1', 'image2']);
  assert.equal(document.linkInto('2', 'image2').type, 'IMAGE');
});

test('a dropped link goes to the free input, and a new node is made for it', () => {
  const document = documentOf('Source', 'Batch', 'Masks');
  wire(document, '1', '2', 'image_1').apply(document);
  assert.deepEqual(fittingInputs(document, specOf, '1', 0, '2'), ['image_2', 'image_1']);
  const refused = refusal(document, specOf, { from: '3', output: 0, to: '2', input: 'image_2' });
  assert.equal(refused?.key, 'link.refused.type');
  assert.equal(firstInput(specs.get('Batch'), 'IMAGE').name, 'image_1');
  assert.equal(firstInput(specs.get('Any'), 'MASK').name, 'input_1');
  assert.equal(firstInput(specs.get('Source'), 'IMAGE'), null);
  assert.ok(suggestedSize(specs.get('Any')).height > suggestedSize(specs.get('Either')).height);
});

test('further inputs have no widget, whatever their type', () => {
  const document = documentOf('Texts');
  const [first] = inputsOf(document, document.nodes.get('1'), specs.get('Texts'));
  assert.deepEqual([first.name, first.widget], ['string_1', false]);
});

test('a union takes each of its parts and nothing else', () => {
  const document = documentOf('Source', 'Masks', 'Texts', 'Either', 'Batch');
  const reason = (from) => refusal(document, specOf, { from, output: 0, to: '4', input: 'picture' })?.key ?? null;
  assert.deepEqual([reason('1'), reason('2'), reason('5')], [null, null, null]);
  const number = readSpecs({ Number: type({}, ['INT']) });
  addNodes([createNode(number.get('Number'), '9', { x: 0, y: 0 })]).apply(document);
  const find = (node) => specOf(node) ?? number.get(node.type) ?? null;
  const refused = refusal(document, find, { from: '9', output: 0, to: '4', input: 'picture' });
  assert.deepEqual(refused, { key: 'link.refused.type', values: { source: 'INT', target: 'IMAGE,MASK' } });
});

test('lists are known by the type, and by a file whose type is not installed', () => {
  const document = documentOf('Masks', 'Batch');
  const file = writeWorkflow(document, specs);
  assert.equal(file.nodes[0].outputs[0].shape, 6);
  assert.equal('shape' in file.nodes[1].outputs[0], false);
  const lists = (known) => {
    const opened = load(file, known);
    const node = opened.nodes.get('1');
    return outputsOf(opened, node, specFinder(known)(node)).map((output) => output.list);
  };
  assert.deepEqual([lists(specs), lists(new Map())], [[true], [true]]);
});

test('a document whose types went away keeps its links, in memory and in its file', () => {
  const document = documentOf('Source', 'Batch', 'Any');
  wire(document, '1', '2', 'image_1').apply(document);
  wire(document, '1', '2', 'size').apply(document);
  wire(document, '2', '3', 'input_2').apply(document);
  const gone = specFinder(new Map());
  assert.deepEqual(names(document, '2', gone), ['image_1', 'size']);
  assert.deepEqual(
    outputsOf(document, document.nodes.get('2'), null).map((output) => output.type),
    ['IMAGE'],
  );
  const back = load(writeWorkflow(document, new Map()));
  assert.deepEqual(
    [...back.links.values()].map(({ from, output, to, input }) => [from, output, to, input]),
    [...document.links.values()].map(({ from, output, to, input }) => [from, output, to, input]),
  );
  assert.deepEqual(back.nodes.get('2').values, { size: 0 });
  assert.deepEqual(names(back, '2'), ['size', 'image_1', 'image_2']);
});

test('a link of a broken file that names a far output makes no sockets', () => {
  const document = documentOf('Source', 'Batch');
  link({ id: 1, from: '1', output: 1e9, to: '2', input: 'image_1', type: 'IMAGE' }).apply(document);
  assert.equal(outputsOf(document, document.nodes.get('1'), null).length, 0);
});

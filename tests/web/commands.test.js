import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addFound } from '../../web/app/adding.js';
import { chosenContent } from '../../web/app/chosen.js';
import { alignCommands } from '../../web/app/commands-align.js';
import { editCommands } from '../../web/app/commands-edit.js';
import { groupCommands } from '../../web/app/commands-group.js';
import { selectCommands } from '../../web/app/commands-select.js';
import { cameraCommands } from '../../web/app/commands-view.js';
import { createConverting, insertConverter } from '../../web/app/converting.js';
import { createLinkQueries } from '../../web/app/link-queries.js';
import { makePrimitive } from '../../web/app/primitives.js';
import { copyNodes, pasteNodes } from '../../web/core/clipboard.js';
import { GraphDocument } from '../../web/core/document.js';
import { compose, putGroup, setColor, setTitle, setValue, unlink } from '../../web/core/edits.js';
import { readWorkflow, writeWorkflow } from '../../web/core/format.js';
import { moveContent } from '../../web/core/groups.js';
import { History } from '../../web/core/history.js';
import { addPoint, pointsOf, readRoutes, removePoints } from '../../web/core/reroutes.js';
import { insertNode, moveOutput, removeLinks } from '../../web/core/rewire.js';
import { createSelection } from '../../web/core/selection.js';
import { signal } from '../../web/core/signal.js';
import { PRIMITIVE, specFinder } from '../../web/core/virtual.js';
import { pick, randomNumbers, specs } from './example-graph.js';

/** What commands need of the editor: the document without a page. */
function editorOf(contents) {
  const document = new GraphDocument();
  document.replace(contents);
  const history = new History(document);
  const spec = (node) => specFinder(specs, document.definitions)(node);
  const t = (key) => key;
  const editor = {
    document,
    history,
    selection: createSelection(document),
    specs: signal(specs),
    view: null,
    t,
    notify: () => {},
    announce: () => {},
    nodeTitle: ({ type }) => type,
    preferences: { of: () => signal('both') },
    perform(edit) {
      history.perform(edit);
      assert.equal(history.undoLabel.peek(), edit.label, 'the step to take back has the name of the edit');
    },
    undo: () => history.undo(),
    redo: () => history.redo(),
    ...createLinkQueries(document, spec, { t }),
  };
  Object.assign(editor, createConverting(editor));
  const commands = [editCommands, selectCommands, groupCommands, alignCommands, cameraCommands];
  // Steps are taken back by the test itself.
  const others = new Set(['edit.undo', 'edit.redo', 'edit.history']);
  const named = commands.flatMap((make) => make(editor)).filter(({ id }) => !others.has(id));
  return { editor, commands: named };
}

const slot = (name, type) => ({ name, type, link: null });

/** Links with shared points, groups within groups, what is pinned, and types that nobody knows. */
const rich = {
  last_node_id: 40,
  last_link_id: 60,
  nodes: [
    { id: 1, type: 'Loader', pos: [0, 0], size: [210, 90], flags: { pinned: true }, mode: 0, inputs: [], outputs: [], widgets_values: ['a.safetensors'] },
    { id: 2, type: 'Encode', pos: [300, 0], size: [210, 90], mode: 0, inputs: [slot('clip', 'CLIP')], widgets_values: ['x'] },
    { id: 3, type: 'Encode', pos: [300, 200], size: [210, 90], mode: 2, inputs: [slot('clip', 'CLIP')], title: 'Second', widgets_values: ['y'] },
    { id: 4, type: 'Sampler', pos: [600, 0], size: [210, 90], mode: 0, inputs: [slot('model', 'MODEL'), slot('positive', 'CONDITIONING'), slot('latent', 'LATENT')], widgets_values: [7, 'fixed', 20] },
    { id: 5, type: 'Decode', pos: [900, 0], size: [210, 90], mode: 4, inputs: [slot('samples', 'LATENT'), slot('vae', 'VAE')] },
    { id: 6, type: 'Save', pos: [1200, 0], size: [210, 90], mode: 0, inputs: [slot('images', 'IMAGE')], widgets_values: ['p'] },
    { id: 7, type: 'Unknown', pos: [0, 400], size: [99, 50], mode: 0, inputs: [slot('a', 'IMAGE'), slot('b', '*')], outputs: [slot('o', 'IMAGE')], widgets_values: [1, null, { deep: [2] }], bgcolor: '#222' },
    { id: 8, type: 'Reroute', pos: [500, 300], size: [75, 26], mode: 0, inputs: [slot('', '*')], outputs: [slot('', '*')] },
    { id: 9, type: 'Empty', pos: [300, 400], size: [210, 90], flags: { collapsed: true }, mode: 0, widgets_values: [512] },
    { id: 10, type: 'Note', pos: [0, 600], size: [200, 100], mode: 0, widgets_values: ['words'] },
  ],
  links: [
    [11, 1, 1, 2, 0, 'CLIP'],
    [12, 1, 1, 3, 0, 'CLIP'],
    [13, 1, 0, 4, 0, 'MODEL'],
    [14, 2, 0, 4, 1, 'CONDITIONING'],
    [15, 9, 0, 8, 0, 'LATENT'],
    [16, 8, 0, 4, 2, '*'],
    [17, 4, 0, 5, 0, 'LATENT'],
    [18, 1, 2, 5, 1, 'VAE'],
    [19, 5, 0, 6, 0, 'IMAGE'],
    [20, 5, 0, 7, 0, 'IMAGE'],
  ],
  groups: [
    { id: 3, title: 'Outer', bounding: [-20, -80, 600, 460], color: '#3f789e', font_size: 24, flags: {} },
    { id: 1, title: 'Inner', bounding: [280, -60, 260, 180], flags: { pinned: true } },
    { id: 2, title: 'Folded', bounding: [880, -60, 600, 200], flags: { collapsed: true, content: { nodes: [5, 6], groups: [], points: [] } } },
  ],
  extra: {
    ds: { scale: 1, offset: [3, 4] },
    reroutes: [
      { id: 5, pos: [260, 40], linkIds: [11, 12] },
      { id: 6, parentId: 5, pos: [270, 240], linkIds: [12] },
      { id: 9, pos: [1, 2], linkIds: [], floating: { slotType: 'input' } },
    ],
    linkExtensions: [
      { id: 11, parentId: 5 },
      { id: 12, parentId: 6 },
    ],
  },
  floatingLinks: [{ id: 99, origin_id: -1, origin_slot: -1, target_id: 6, target_slot: 0, type: 'IMAGE', parentId: 9 }],
  config: {},
  version: 0.4,
};

const corpus = [rich, JSON.parse(readFileSync(new URL('../../workflows/default.json', import.meta.url), 'utf8'))];

function some(random, items, most) {
  const list = [...items];
  return list.filter(() => random() < most / list.length);
}

const text = ({ document }) => JSON.stringify(writeWorkflow(document, specs));

/** What pointer and panels do beside commands. */
const actions = {
  add: (editor, random) => addFound(editor, pick(random, [...specs.values()]), { x: 500 * random(), y: 500 * random() }, null),
  addFromOutput(editor, random) {
    const node = pick(random, [...editor.document.nodes.keys()]);
    if (node) addFound(editor, pick(random, [...specs.values()]), { x: 9, y: 9 }, { node, output: 0 });
  },
  addIntoLink(editor, random) {
    const link = pick(random, [...editor.document.links.keys()]);
    if (link !== undefined) addFound(editor, pick(random, [...specs.values()]), { x: 9, y: 9 }, { link });
  },
  addSource(editor, random) {
    const { document } = editor;
    const node = pick(random, [...document.nodes.values()]);
    const [input] = node ? editor.inputs(node) : [];
    if (input) addFound(editor, pick(random, [PRIMITIVE, ...specs.values()]), { x: 9, y: 9 }, { node: node.id, input: input.name });
  },
  primitive(editor, random) {
    const node = pick(random, [...editor.document.nodes.values()]);
    const field = node && editor.inputs(node).find(({ widget }) => widget);
    if (field) makePrimitive(editor, node.id, field.name);
  },
  insert(editor, random) {
    const { document } = editor;
    const [node, link] = [pick(random, [...document.nodes.keys()]), pick(random, [...document.links.keys()])];
    const edit = node !== undefined && link !== undefined ? insertNode(document, editor.spec, node, link, Math.floor(2 * random())) : null;
    if (edit) editor.perform(edit);
  },
  convert(editor, random) {
    const { document } = editor;
    const [from, to] = [pick(random, [...document.nodes.keys()]), pick(random, [...document.nodes.values()])];
    const input = to && pick(random, editor.inputs(to).map(({ name }) => name));
    if (input === undefined || from === to.id) return;
    const [found] = editor.converters({ from, output: 0, to: to.id, input });
    if (found) insertConverter(editor, { from, output: 0, to: to.id, input }, found);
  },
  moveOutput(editor, random) {
    const { document } = editor;
    const [from, next] = [pick(random, [...document.nodes.keys()]), pick(random, [...document.nodes.keys()])];
    if (from === undefined || from === next) return;
    const made = moveOutput(document, editor.spec, { from, output: 0 }, { from: next, output: 0 });
    if ('edit' in made) editor.perform(made.edit);
  },
  bend(editor, random) {
    const { document } = editor;
    const link = pick(random, [...document.links.keys()]);
    if (link === undefined) return;
    const count = pointsOf(readRoutes(document.rest), link).length;
    editor.perform(addPoint(link, Math.floor((count + 1) * random()), { x: 300 * random(), y: 300 * random() }));
  },
  straighten(editor, random) {
    const points = some(random, readRoutes(editor.document.rest).points.keys(), 2);
    if (points.length > 0) editor.perform(removePoints(points));
  },
  cut(editor, random) {
    const links = some(random, editor.document.links.keys(), 2);
    if (links.length > 0) editor.perform(removeLinks(links, 'edit.cut-links'));
  },
  drag: (editor, random) =>
    editor.perform(moveContent(editor.document, chosenContent(editor), Math.round(90 * random()), Math.round(90 * random()))),
  paste(editor, random) {
    const { document } = editor;
    const { nodes, groups } = chosenContent(editor);
    const file = JSON.parse(JSON.stringify(copyNodes(document, nodes, specs, groups)));
    const keepIncoming = random() < 0.5;
    editor.perform(pasteNodes(document, file, specs, { at: { x: 7, y: 8 }, keepIncoming }).edit);
  },
  unlink(editor, random) {
    const link = pick(random, [...editor.document.links.keys()]);
    if (link !== undefined) editor.perform(unlink(link));
  },
  value(editor, random) {
    const node = pick(random, [...editor.document.nodes.keys()]);
    const name = pick(random, ['seed', 'steps', 'new']);
    if (node !== undefined) editor.perform(setValue(node, name, Math.floor(9 * random()), `value ${node} ${name}`));
  },
  title(editor, random) {
    const node = pick(random, [...editor.document.nodes.keys()]);
    if (node !== undefined) editor.perform(setTitle(node, pick(random, ['A', null])));
  },
  paint(editor, random) {
    const { document, selection } = editor;
    const color = pick(random, ['#123456', null]);
    const groups = [...selection.groups.peek()].map((id) => putGroup({ ...document.groups.get(id), color }));
    editor.perform(compose('edit.color', [setColor([...selection.ids.peek()], color), ...groups]));
  },
};

function chooseAnything({ document, selection }, random) {
  const link = random() < 0.1 ? pick(random, [...document.links.keys()]) : undefined;
  if (link !== undefined) return selection.selectLink(link);
  const points = some(random, readRoutes(document.rest).points.keys(), 1);
  selection.set(some(random, document.nodes.keys(), 3), { groups: some(random, document.groups.keys(), 0.7), points });
}

test('any sequence of commands undone gives the file back byte for byte, and redone again what it was', async () => {
  const done = new Map();
  for (let seed = 0; seed < 48; seed += 1) {
    const random = randomNumbers(seed);
    const { editor, commands } = editorOf(readWorkflow(structuredClone(corpus[seed % corpus.length]), specs));
    const depth = () => editor.history.take().past.length;
    const states = [text(editor)];
    for (let step = 0; step < 50; step += 1) {
      chooseAnything(editor, random);
      const action = random() < 0.4 ? pick(random, Object.entries(actions)) : null;
      const command = pick(random, commands);
      const before = states[depth()];
      const was = editor.history.undoLabel.peek();
      if (action) action[1](editor, random);
      else if (command.enabled?.() !== false) await command.run();
      const now = text(editor);
      if (now !== before) done.set(action ? action[0] : command.id, (done.get(action ? action[0] : command.id) ?? 0) + 1);
      states.length = Math.min(states.length, depth());
      states[depth()] = now;
      assert.ok(was === null || editor.history.undoLabel.peek() !== null);
    }
    const what = `seed ${seed}`;
    for (let at = states.length - 2; at >= 0; at -= 1) {
      const label = editor.history.undoLabel.peek();
      editor.undo();
      assert.equal(text(editor), states[at], `${label} undone, ${what}`);
    }
    for (const state of states.slice(1)) {
      const label = editor.history.redoLabel.peek();
      editor.redo();
      assert.equal(text(editor), state, `${label} redone, ${what}`);
    }
  }
  const editing = [...Object.keys(actions), 'edit.delete', 'edit.dissolve', 'edit.extract', 'edit.group', 'edit.ungroup'];
  editing.push('edit.arrange', 'align.left', 'align.distribute-x', 'align.same-width', 'nudge.left', 'edit.collapse');
  editing.push('edit.pin', 'edit.connect', 'edit.disconnect', 'edit.straighten', 'edit.mute', 'edit.bypass', 'edit.raise');
  editing.push('edit.lower', 'edit.note', 'edit.duplicate', 'edit.fit-size', 'group.fit', 'group.delete-content');
  assert.deepEqual(editing.filter((id) => !done.has(id)), [], 'every command has changed something');
});

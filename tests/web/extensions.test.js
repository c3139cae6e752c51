import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createTranslator } from '../../web/app/i18n.js';
import { cachedFinder, createLinkQueries } from '../../web/app/link-queries.js';
import { createNames } from '../../web/app/names.js';
import { RunStates } from '../../web/app/run-state.js';
import { GraphDocument } from '../../web/core/document.js';
import { History } from '../../web/core/history.js';
import { createSelection } from '../../web/core/selection.js';
import { signal } from '../../web/core/signal.js';
import { readSpecs } from '../../web/core/spec.js';
import { createPackDocument } from '../../web/extension/pack-document.js';
import { listen } from '../../web/extension/pack-events.js';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

const SPECS = readSpecs({
  Number: { input: { required: { value: ['INT', { default: 3 }] } }, output: ['INT'], output_name: ['INT'] },
  Text: { input: { required: { text: ['STRING', { default: '' }], from: ['INT', { forceInput: true }] } }, output: [], output_name: [] },
});

function makeEditor() {
  const document = new GraphDocument();
  const history = new History(document);
  const translator = createTranslator(new Map([['en', {}]]), 'en');
  const specs = signal(SPECS);
  const find = cachedFinder(document, specs);
  const items = signal([]);
  return {
    document,
    history,
    specs,
    locale: translator.locale,
    name: signal('Mine'),
    selection: createSelection(document),
    queue: { items },
    run: new RunStates({ items, size: () => null }),
    perform: (edit) => history.perform(edit),
    ...createNames(translator, find),
    ...createLinkQueries(document, find, translator),
  };
}

function workflow() {
  const editor = makeEditor();
  return { editor, workflow: createPackDocument(editor) };
}

test('all that one edit does is one step of undo', () => {
  const { editor, workflow: opened } = workflow();
  let ids = [];
  opened.edit((edits) => {
    ids = [edits.add('Number', { x: 10, y: 20 }, { value: 5 }), edits.add('Text', { x: 300, y: 20 })];
    edits.link(ids[0], 0, ids[1], 'from');
    edits.setTitle(ids[0], 'Five');
    edits.setValue(ids[1], 'text', 'hello');
    edits.move(ids[1], 400, 50);
  });
  const node = opened.node(ids[0]);
  assert.deepEqual([node.title, node.x, node.values.value, node.mode], ['Five', 10, 5, 'active']);
  assert.deepEqual(opened.links(), [{ from: ids[0], output: 0, to: ids[1], input: 'from', type: 'INT' }]);
  assert.deepEqual([opened.node(ids[1]).x, opened.node(ids[1]).values.text], [400, 'hello']);
  editor.history.undo();
  assert.deepEqual([opened.nodes(), opened.links()], [[], []]);
  editor.history.redo();
  assert.deepEqual(opened.node(ids[0]), node);
});

test('what cannot be done says why, and leaves everything as it was', () => {
  const { editor, workflow: opened } = workflow();
  const refused = [
    [(edits) => edits.add('Nothing', { x: 0, y: 0 }), /no node type Nothing/],
    [(edits) => edits.add('Number', { x: 0, y: 0 }, { other: 1 }), /no widget other/],
    [(edits) => edits.setValue('7', 'value', 1), /no node 7/],
    [(edits) => edits.setValue(edits.add('Text', { x: 0, y: 0 }), 'from', 1), /no widget from/],
    [(edits) => edits.unlink(edits.add('Text', { x: 0, y: 0 }), 'from'), /is not linked/],
    [(edits) => edits.link(edits.add('Text', { x: 0, y: 0 }), 0, edits.add('Text', { x: 0, y: 0 }), 'from'), /no output 0/],
    [(edits) => edits.link(edits.add('Number', { x: 0, y: 0 }), 0, edits.add('Text', { x: 0, y: 0 }), 'to'), /no input to/],
  ];
  for (const [change, reason] of refused) assert.throws(() => opened.edit(change), reason);
  assert.deepEqual(opened.nodes(), []);
  assert.equal(editor.history.undoLabel.peek(), null);
});

test('copies of nodes stay what they were', () => {
  const { workflow: opened } = workflow();
  let id = '';
  opened.edit((edits) => void (id = edits.add('Number', { x: 0, y: 0 })));
  const before = opened.node(id);
  opened.edit((edits) => edits.setValue(id, 'value', 9));
  assert.equal(before.values.value, 3);
  assert.throws(() => (before.values.value = 4), TypeError);
  assert.equal(opened.node(id).values.value, 9);
});

test('listeners hear of changes, selections and jobs until they are taken back', () => {
  const { editor, workflow: opened } = workflow();
  const heard = [];
  const ends = ['change', 'selection', 'job', 'open', 'node'].map((event) =>
    listen(editor, event, (data) => heard.push([event, data])),
  );
  opened.edit((edits) => void edits.add('Number', { x: 0, y: 0 }));
  opened.select(['1', 'absent']);
  editor.queue.items.set([{ id: 'a', state: 'pending' }]);
  editor.queue.items.set([{ id: 'a', state: 'pending' }, { id: 'b', state: 'running' }]);
  editor.run.restorePictures([['1', [{ filename: 'a.png', subfolder: '', type: 'output' }]]]);
  const tale = heard.map(([event, data]) => [event, data.nodes ?? data.ids ?? data.state ?? data.run.pictures.length]);
  assert.deepEqual(tale, [
    ['change', ['1']],
    ['selection', ['1']],
    ['job', 'pending'],
    ['job', 'running'],
    ['node', 1],
  ]);
  editor.document.replace({ nodes: [], links: [], groups: [], rest: {} });
  assert.deepEqual(heard.at(-1), ['open', { name: 'Mine' }]);
  for (const end of ends) end();
  const before = heard.length;
  opened.edit((edits) => void edits.add('Number', { x: 0, y: 0 }));
  assert.equal(heard.length, before);
  assert.throws(() => listen(editor, 'nothing', () => {}), /no event nothing/);
});

test('both languages of the documentation name every part of the interface', () => {
  const types = read('web/types/extension.d.ts');
  const members = ['Safelight', 'PackDocument', 'PackEdits', 'PackEvents', 'PackCommand', 'PackPanel', 'PackDecoration', 'PackSetting'].flatMap(
    (name) => {
      const body = types.match(new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's'))[1];
      return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:<]/gm)].map(([, member]) => member);
    },
  );
  assert.ok(members.length > 45);
  for (const page of ['docs/editor-extensions.md', 'docs/zh/editor-extensions.md']) {
    const text = read(page);
    assert.deepEqual(members.filter((member) => !new RegExp(`\\b${member}\\b`).test(text)), [], page);
  }
});

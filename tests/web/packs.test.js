import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTranslator } from '../../web/app/i18n.js';
import { createNames, explainInputs } from '../../web/app/names.js';
import { packTexts } from '../../web/app/pack-texts.js';
import { readSpecs } from '../../web/core/spec.js';
import { roomOf } from '../../web/widgets/kinds.js';
import { PackWidgets } from '../../web/widgets/registered.js';

const ANSWER = {
  en: {
    example: { hint: 'Turn {what}', list: ['no text'], deep: { er: 'Deeper' } },
    nodeCategories: { example: 'Examples' },
    nodeDefs: {
      Dial: {
        display_name: 'Dial',
        description: 'A dial.',
        inputs: { angle: { name: 'Angle', tooltip: 'How far.' }, other: 3 },
        outputs: { 0: { name: 'Turned', tooltip: '' } },
      },
      Broken: 'no object',
    },
  },
  zh: { example: { hint: '转动 {what}' }, nodeDefs: { Dial: { display_name: '旋钮', inputs: null } } },
  'zh-CN': { nodeDefs: { Dial: { display_name: '刻度盘' } } },
  de: { example: { hint: 'Dreh {what}' } },
};

const OURS = new Map([
  ['en', { 'example.deep.er': 'Ours' }],
  ['zh-CN', {}],
]);

function translator(locale) {
  const made = createTranslator(OURS, locale);
  made.learn(packTexts(ANSWER, made.locales));
  return made;
}

const SPECS = readSpecs({
  Dial: {
    display_name: 'Dial of the server',
    description: '',
    category: 'example',
    input: { required: { angle: ['FLOAT', { widgetType: 'dial' }], seed: ['INT', {}] } },
    output: ['FLOAT', 'INT'],
    output_name: ['angle', 'count'],
  },
});

test('texts of packs are found by dotted keys, in the language that is chosen', () => {
  assert.equal(translator('en').t('example.hint', { what: 'it' }), 'Turn it');
  assert.equal(translator('zh-CN').t('example.hint', { what: 'it' }), '转动 it');
  assert.equal(translator('zh-CN').t('category.example'), 'Examples');
  assert.equal(translator('en').has('example.list'), false);
});

test('packs bring sentences too, and ours come first', async () => {
  const made = createTranslator(new Map([['en', {}]]), 'zh-CN', async () => ({ 'word.loss': '损失' }), async () => ({ 'A cat.': '猫。' }));
  await made.load('zh-CN');
  made.learn(packTexts({ zh: { sentences: { 'A cat.': '另一只猫。', 'Holds {0} rows.': '共 {0} 行。', 'rows in all': '总行数' } } }, made.locales));
  assert.equal(made.sentence('Holds 3 rows.'), '共 3 行。');
  assert.equal(made.sentence('A cat.'), '猫。');
  assert.equal(made.words('A cat.\nloss\nrows in all\nHolds 4 rows.\nnobody knows'), '猫。\n损失\n总行数\n共 4 行。\nnobody knows');
  assert.equal(made.sentence('loss'), 'loss', 'a file may have this name');
  made.locale.set('en');
  assert.equal(made.words('Holds 4 rows.'), 'Holds 4 rows.');
});

test('a pack replaces none of our texts, and a later one replaces those of the packs', () => {
  const made = translator('en');
  assert.equal(made.t('example.deep.er'), 'Ours');
  made.learn(packTexts({ en: { example: { hint: 'New' } } }, made.locales));
  assert.equal(made.t('example.hint'), 'New');
  assert.equal(made.has('node.Dial.title'), false);
});

test('nodes, inputs, outputs and tooltips of packs have their names in the language that is chosen', () => {
  const made = translator('zh-CN');
  const spec = SPECS.get('Dial');
  const names = createNames(made, () => spec);
  const node = { type: 'Dial', title: null };
  assert.equal(names.nodeTitle(node), '刻度盘');
  assert.deepEqual(names.typeNames(spec), ['Dial', '刻度盘']);
  assert.equal(names.typeDescription(spec), 'A dial.');
  assert.equal(names.inputLabel('Dial', 'angle'), 'Angle');
  assert.equal(names.outputLabel(node, 0, 'angle'), 'Turned');
  assert.equal(names.outputLabel(node, 1, 'count'), 'count');
  const [angle, seed] = explainInputs(SPECS, made).get('Dial').inputs;
  assert.equal(angle.options.tooltip, 'How far.');
  assert.equal(seed.options.tooltip, undefined);
});

test('what is no translation is passed over', () => {
  for (const answer of [{}, { en: null }, { en: { nodeDefs: [], nodeCategories: 3 } }, { en: 'text' }])
    assert.deepEqual(Object.fromEntries(packTexts(answer, ['en', 'zh-CN'])), { en: {}, 'zh-CN': {} });
});

test('an input that names a registered widget gets its room, and another does not', () => {
  const [angle, seed] = SPECS.get('Dial').inputs;
  const widgets = new PackWidgets();
  const before = roomOf(angle, widgets);
  const takeBack = widgets.add('pack', 'dial', () => {}, { height: 90, grows: true });
  assert.deepEqual([roomOf(angle, widgets).height, roomOf(angle, widgets).grows], [90, true]);
  assert.equal(widgets.find(seed), null);
  assert.throws(() => widgets.add('other', 'dial', () => {}), /already/);
  takeBack();
  assert.deepEqual(roomOf(angle, widgets), before);
});

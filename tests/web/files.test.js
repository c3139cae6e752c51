import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsWhileTyping } from '../../web/app/key-map.js';
import { readPictureTexts } from '../../web/app/picture-metadata.js';
import { withText } from '../../web/app/png-text.js';
import { aboutWeights, readWeightTexts } from '../../web/app/weight-header.js';
import { GraphDocument } from '../../web/core/document.js';
import { addNodes } from '../../web/core/edits.js';
import { History } from '../../web/core/history.js';
import { missingIn, replaceMissingFile, replaceMissingType } from '../../web/core/missing.js';
import { similarNames } from '../../web/core/similar-names.js';
import { distinctNames } from '../../web/core/tab-names.js';
import { headerLength, kindOfWeights, readHeader, trainingOf } from '../../web/core/weight-files.js';

test('open workflows are called so that they can be told apart', () => {
  assert.deepEqual(distinctNames(['cat', 'dog']), ['cat', 'dog']);
  assert.deepEqual(distinctNames(['pets/cat', 'wild/cat', 'dog']), ['pets/cat', 'wild/cat', 'dog']);
  assert.deepEqual(distinctNames(['pets/cat', 'dog']), ['cat', 'dog']);
  assert.deepEqual(distinctNames(['', '', 'cat', 'cat']), ['', ' (2)', 'cat', 'cat (2)']);
  assert.deepEqual(distinctNames(['a/cat', 'a/cat', 'b/cat']), ['a/cat', 'a/cat (2)', 'b/cat']);
  assert.deepEqual(distinctNames(['cat', 'pets/cat']), ['cat', 'pets/cat']);
});

test('the likest names come first', () => {
  const names = [
    'sd/v1-5-pruned-emaonly.safetensors',
    'v1-5-pruned.safetensors',
    'flux1-dev.safetensors',
    'animeVAE.pt',
  ];
  assert.equal(similarNames('v1-5-pruned-emaonly.ckpt', names)[0], 'sd/v1-5-pruned-emaonly.safetensors');
  assert.deepEqual(similarNames('models\\flux1-dev-fp8.safetensors', names), ['flux1-dev.safetensors']);
  assert.deepEqual(similarNames('nothing like it', names), []);
  assert.deepEqual(similarNames('KSamplerSelect', ['KSampler', 'VAEDecode']), ['KSampler']);
});

test('open workflows are changed by keys while somebody types, but for keys that make letters', () => {
  assert.ok(runsWhileTyping('Alt+PageDown', 'tab.next', true));
  assert.ok(runsWhileTyping('Alt+N', 'file.new', false));
  assert.ok(!runsWhileTyping('Alt+N', 'file.new', true));
});

const header = (names, metadata = {}, shape = [4, 4]) =>
  readHeader(
    JSON.stringify({
      __metadata__: metadata,
      ...Object.fromEntries(names.map((name) => [name, { dtype: 'F16', shape, data_offsets: [0, 1] }])),
    }),
  );

test('safetensors files are recognised by the names in their header', () => {
  const kinds = {
    checkpoints: ['model.diffusion_model.input_blocks.0.0.weight', 'first_stage_model.decoder.conv_in.weight'],
    loras: ['lora_unet_down_blocks_0_attentions_0.lora_down.weight', 'lora_te_text_model_encoder.alpha'],
    diffusion_models: ['double_blocks.0.img_attn.qkv.weight'],
    vae: ['encoder.conv_in.weight', 'decoder.up.0.block.0.conv1.weight', 'quant_conv.weight'],
    embeddings: ['emb_params'],
    controlnet: ['control_model.input_hint_block.0.weight'],
    text_encoders: ['text_model.encoder.layers.0.mlp.fc1.weight'],
    clip_vision: ['vision_model.embeddings.class_embedding'],
    upscale_models: ['params_ema.conv_first.weight'],
    latent: ['latent_tensor', 'latent_format_version_0'],
  };
  for (const [kind, names] of Object.entries(kinds)) assert.equal(kindOfWeights(header(names)), kind);
  assert.equal(kindOfWeights(header(['transformer.blocks.0.attn.lora_A.weight'])), 'loras');
  assert.equal(kindOfWeights(header(['model.diffusion_model.x'])), 'diffusion_models');
  assert.equal(kindOfWeights(header(['<cat-toy>'], {}, [2, 768])), 'embeddings');
  assert.equal(kindOfWeights(header(['something'])), null);
});

test('what is no safetensors file has no header', () => {
  const start = (length) => new Uint8Array(new BigUint64Array([BigInt(length)]).buffer);
  assert.equal(headerLength(start(100), 200), 100);
  assert.equal(headerLength(start(200), 200), null);
  assert.equal(headerLength(start(2n ** 60n), 2 ** 40), null);
  assert.equal(headerLength(new Uint8Array(4), 4), null);
  assert.equal(readHeader('{"a"'), null);
  assert.equal(readHeader('[1]'), null);
});

/** A file of so many bytes, of which only those that are asked for are there. */
function fileOfWeights(metadata, size) {
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, 'x.lora_up.weight': { shape: [1] } }));
  const start = new Uint8Array([...new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer), ...text]);
  const read = [];
  const slice = (from, to) => {
    read.push(to);
    return new Blob([start.subarray(from, to)]);
  };
  return { file: { size, slice }, read, length: start.length };
}

test('of weights only the header is read, however large they are', async () => {
  const { file, read, length } = fileOfWeights({ workflow: '{"nodes": []}', ss_steps: 7 }, 2 ** 42);
  assert.deepEqual([...(await readWeightTexts(file))], [['workflow', '{"nodes": []}']]);
  assert.deepEqual(read, [8, length]);
  const cut = fileOfWeights({ workflow: '{}' }, 20);
  assert.equal((await readWeightTexts(cut.file)).size, 0);
  assert.deepEqual(cut.read, [8]);
});

test('weights say what they were trained for, how long, and their words', () => {
  const t = (key, values = {}) => [key, ...Object.values(values)].join(' ');
  const editor = { t, locale: { peek: () => 'en' } };
  const said = {
    'modelspec.architecture': 'stable-diffusion-xl-v1-base/lora',
    ss_steps: '1200',
    'modelspec.trigger_phrase': 'ghst, , flat',
  };
  const lora = (metadata) => header(['lora_unet_x.lora_up.weight'], metadata);
  assert.equal(
    aboutWeights(editor, lora(said)),
    'upload.kind.loras · SDXL · weights.steps 1,200 · weights.words ghst, flat',
  );
  assert.equal(aboutWeights(editor, lora({})), 'upload.kind.loras');
  assert.equal(aboutWeights(editor, null), 'weights.unknown');
  const tags = JSON.stringify({ a: { few: 1, most: 3, ' ': 9 }, b: { some: 2, few: 0, most: 'x' }, c: null });
  assert.deepEqual(trainingOf(lora({ ss_base_model_version: 'sd_v2_v', ss_steps: '-1', ss_tag_frequency: tags })), {
    base: 'SD 2.x',
    steps: null,
    words: ['most', 'some', 'few'],
  });
  assert.deepEqual(trainingOf(lora({ ss_tag_frequency: '{"a"' })), { base: '', steps: null, words: [] });
});

test('a text put into a PNG is read again', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const made = withText(new Uint8Array(png), 'workflow', '{"猫": 1}');
  assert.equal((await readPictureTexts(made)).get('workflow'), '{"猫": 1}');
  // The check sum of the chunk that stands first in every PNG ends at byte 33; ours follows, and the rest is as it was.
  assert.deepEqual(Buffer.from(made.subarray(made.length - (png.length - 33))), png.subarray(33));
});

const graphNode = (id, type, more = {}) => ({
  id,
  type,
  title: null,
  x: 0,
  y: 0,
  width: 1,
  height: 1,
  mode: 0,
  collapsed: false,
  color: null,
  values: {},
  savedInputs: [],
  savedOutputs: [],
  rest: {},
  ...more,
});

const input = (name, type, widget = false, more = {}) => ({
  name,
  type,
  widget,
  required: true,
  choices: null,
  options: {},
  ...more,
});
const NEW = {
  type: 'NewSampler',
  aliasOf: null,
  inputs: [input('model', 'MODEL'), input('latent', 'LATENT'), input('steps', 'INT', true)],
  outputs: [
    { name: 'MODEL', type: 'MODEL', list: false },
    { name: 'LATENT', type: 'LATENT', list: false },
  ],
};
const LOADER = {
  type: 'Loader',
  aliasOf: null,
  inputs: [
    input('ckpt', 'COMBO', true, {
      choices: ['sd15-new.safetensors', 'flux.safetensors'],
      options: { files: 'checkpoints' },
    }),
  ],
  outputs: [],
};
const SPECS = new Map([NEW, LOADER].map((spec) => [spec.type, spec]));
const specOf = ({ type }) => SPECS.get(type) ?? null;
const opened = (contents) => {
  const document = new GraphDocument();
  document.replace({ links: [], groups: [], rest: {}, definitions: new Map(), ...contents });
  return { document, history: new History(document) };
};

test('nodes of a missing type become others, with what both have, and back', () => {
  const gone = {
    values: { steps: 7, odd: 1 },
    rest: { widgets_values: [7], properties: { cnr_id: 'old-pack', ver: '1.2' } },
  };
  const { document, history } = opened({
    nodes: [graphNode('1', 'Loader'), graphNode('2', 'OldSampler', gone), graphNode('3', 'Loader')],
    links: [
      { id: 1, from: '1', output: 0, to: '2', input: 'model', type: 'MODEL' },
      { id: 2, from: '1', output: 1, to: '2', input: 'samples', type: 'LATENT' },
      { id: 3, from: '1', output: 2, to: '2', input: 'mask', type: 'MASK' },
      { id: 4, from: '2', output: 0, to: '3', input: 'samples', type: 'LATENT' },
    ],
  });
  const before = JSON.stringify(document.contents());
  assert.deepEqual(missingIn(document.contents(), specOf, SPECS).types, [
    { type: 'OldSampler', count: 1, pack: 'old-pack 1.2', near: ['NewSampler'] },
  ]);
  const { edit, lost } = replaceMissingType(document.contents(), 'OldSampler', NEW);
  history.perform(edit);
  assert.equal(lost, 1);
  assert.deepEqual(
    [...document.links.values()].map(({ id, input: name, output }) => [id, name, output]),
    [
      [1, 'model', 0],
      [2, 'latent', 1],
      [4, 'samples', 1],
    ],
  );
  assert.deepEqual(document.nodes.get('2').values, { steps: 7 });
  history.undo();
  assert.equal(JSON.stringify(document.contents()), before);
});

test('missing files are named with those like them, and replaced everywhere at once', () => {
  const wanting = (id) => graphNode(id, 'Loader', { values: { ckpt: 'old/sd15.ckpt' } });
  const inside = { nodes: [wanting('7')], links: [], groups: [], rest: { id: 's', name: 'S' } };
  const { document, history } = opened({
    nodes: [wanting('1'), graphNode('2', 's')],
    definitions: new Map([['s', inside]]),
  });
  const find = () => missingIn(document.contents(), (node) => (node.type === 's' ? NEW : specOf(node)), SPECS).files;
  const [file] = find();
  assert.deepEqual(
    [file.name, file.kind, file.count, file.near],
    ['old/sd15.ckpt', 'checkpoints', 2, ['sd15-new.safetensors']],
  );
  history.perform(replaceMissingFile(document.contents(), specOf, file, 'sd15-new.safetensors'));
  assert.deepEqual(find(), []);
  assert.equal(document.contents().definitions.get('s').nodes[0].values.ckpt, 'sd15-new.safetensors');
  history.undo();
  assert.equal(find()[0].count, 2);
  // nobody asks for the value of an input that is linked
  const linked = [{ id: 1, from: '2', output: 0, to: '1', input: 'ckpt' }];
  const [rest] = missingIn({ ...document.contents(), links: linked }, specOf, SPECS).files;
  assert.equal(rest.count, 1);
});

test('documents take turns with their steps', () => {
  const document = new GraphDocument();
  const history = new History(document);
  const add = (id) => history.perform(addNodes([graphNode(id, 'A')], [], `add ${id}`));
  const first = { nodes: [], links: [], groups: [], rest: {} };
  document.replace(first);
  history.clear(true);
  add('1');
  assert.ok(history.dirty.get());
  const parked = { contents: document.contents(), history: history.take() };
  document.replace(first);
  history.clear(true);
  assert.deepEqual([history.dirty.get(), history.undoLabel.get()], [false, null]);
  add('7');
  history.markSaved();
  const other = { contents: document.contents(), history: history.take() };
  document.replace(parked.contents);
  history.put(parked.history);
  assert.deepEqual([history.dirty.get(), history.undoLabel.get(), [...document.nodes.keys()]], [true, 'add 1', ['1']]);
  history.undo();
  assert.deepEqual([history.dirty.get(), [...document.nodes.keys()]], [false, []]);
  document.replace(other.contents);
  history.put(other.history);
  assert.deepEqual([history.dirty.get(), history.undoLabel.get(), [...document.nodes.keys()]], [false, 'add 7', ['7']]);
});

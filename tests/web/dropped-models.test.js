// Which node a model makes that is dropped, or dragged from the library.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loaderOf } from '../../web/app/dropped-files.js';

const input = (name, type, files = null) => ({ name, type, options: files ? { files } : {} });
const spec = (type, inputs, outputs, more = {}) => [
  type,
  { type, inputs, outputs: outputs.map((each) => ({ name: each, type: each })), aliasOf: null, deprecated: false, category: 'loaders', ...more },
];
const [model, clip, strength] = [input('model', 'MODEL'), input('clip', 'CLIP'), input('strength', 'FLOAT')];
const lora = input('lora_name', 'COMBO', 'loras');
const SPECS = new Map([
  spec('TrainLoRA', [{ ...lora, widget: true, options: { files: 'loras', advanced: true } }], ['MODEL', 'CLIP', 'RUN'], { category: 'training' }),
  spec('LoraNames', [lora], ['STRING']),
  spec('LoraLoaderModelOnly', [model, lora, strength], ['MODEL']),
  spec('LoraLoaderRegional', [model, clip, lora, input('mask', 'MASK'), strength, strength], ['MODEL', 'CLIP']),
  spec('LoraLoader', [model, clip, lora, strength, strength], ['MODEL', 'CLIP']),
  spec('OldLoraLoader', [clip, lora], ['MODEL', 'CLIP'], { deprecated: true }),
  spec('PromptLines', [input('ckpt_name', 'COMBO', 'checkpoints')], ['STRING', 'INT', 'INT', 'FLOAT'], { category: 'text' }),
  spec('UnclipLoader', [input('ckpt_name', 'COMBO', 'checkpoints')], ['MODEL', 'CLIP', 'VAE', 'CLIP_VISION'], { category: 'loaders/unclip' }),
  spec('CheckpointLoader', [input('ckpt_name', 'COMBO', 'checkpoints')], ['MODEL', 'CLIP', 'VAE']),
]);

test('a LoRA makes the loader for model and text encoders', () => {
  assert.deepEqual(loaderOf(SPECS, 'loras'), { type: 'LoraLoader', input: 'lora_name' });
});

test('a checkpoint makes the loader for all kinds, and no node that only names one', () => {
  assert.deepEqual(loaderOf(SPECS, 'checkpoints'), { type: 'CheckpointLoader', input: 'ckpt_name' });
});

test('what no node loads makes none', () => {
  assert.equal(loaderOf(SPECS, 'vae'), null);
  assert.equal(loaderOf(new Map([...SPECS].slice(0, 1)), 'loras'), null);
});

/** Node types and documents that the tests share, and random ones made from a seed. */

import { GraphDocument } from '../../web/core/document.js';
import { link, addNodes } from '../../web/core/edits.js';
import { createNode } from '../../web/core/create.js';
import { readSpecs } from '../../web/core/spec.js';
import { specFinder } from '../../web/core/virtual.js';

const entry = (name, required, output, more = {}) => ({
  name,
  display_name: name,
  description: '',
  category: 'test',
  python_module: 'test',
  input: { required },
  output,
  output_is_list: output.map(() => false),
  output_name: output,
  output_node: output.length === 0,
  ...more,
});

export const specs = readSpecs({
  Loader: entry('Loader', { file: [['a.safetensors', 'b.safetensors'], {}] }, ['MODEL', 'CLIP', 'VAE']),
  Encode: entry('Encode', { text: ['STRING', { multiline: true }], clip: ['CLIP'] }, ['CONDITIONING']),
  Empty: entry('Empty', { width: ['INT', { default: 512, min: 16, max: 4096 }] }, ['LATENT']),
  Sampler: entry(
    'Sampler',
    {
      model: ['MODEL'],
      seed: ['INT', { default: 0, min: 0, max: 2 ** 64 - 1 }],
      steps: ['INT', { default: 20, min: 1 }],
      positive: ['CONDITIONING'],
      latent: ['LATENT'],
    },
    ['LATENT'],
    { search_aliases: ['denoise'] },
  ),
  Save: entry('Save', { images: ['IMAGE', {}], prefix: ['STRING', { default: 'x' }] }, []),
  Decode: entry('Decode', { samples: ['LATENT'], vae: ['VAE'] }, ['IMAGE']),
  Picture: entry('Picture', { image: [['one.png'], { image_upload: true }] }, ['IMAGE', 'MASK']),
  Filter: entry('Filter', { image: ['IMAGE', {}], amount: ['FLOAT', { default: 1 }] }, ['IMAGE']),
  OldLoader: entry('OldLoader', { file: [['a.safetensors'], {}] }, ['MODEL'], { alias_of: 'Loader' }),
});

export const specOf = specFinder(specs);

export const placed = (type, id, more = {}) => ({ ...createNode(specs.get(type), id, { x: 0, y: 0 }), ...more });

/** Loader → Encode → Sampler → Decode → Save. */
export function exampleDocument() {
  const document = new GraphDocument();
  const types = { 1: 'Loader', 2: 'Encode', 3: 'Empty', 4: 'Sampler', 5: 'Decode', 6: 'Save' };
  addNodes(Object.entries(types).map(([id, type]) => placed(type, id))).apply(document);
  const wires = [
    ['1', 1, '2', 'clip', 'CLIP'],
    ['1', 0, '4', 'model', 'MODEL'],
    ['2', 0, '4', 'positive', 'CONDITIONING'],
    ['3', 0, '4', 'latent', 'LATENT'],
    ['4', 0, '5', 'samples', 'LATENT'],
    ['1', 2, '5', 'vae', 'VAE'],
    ['5', 0, '6', 'images', 'IMAGE'],
  ];
  for (const [from, output, to, input, type] of wires) {
    link({ id: document.freshLinkId(), from, output, to, input, type }).apply(document);
  }
  return document;
}

/** Numbers from 0 up to 1, always the same for a seed. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = (random, list) => list[Math.floor(random() * list.length)];

/** A workflow with a subgraph in a subgraph, as ComfyUI saves it. */

const port = (id, name, type, linkIds, more = {}) => ({ id, name, type, linkIds, ...more });
const wire = (id, from, output, to, input, type) => ({
  id,
  origin_id: from,
  origin_slot: output,
  target_id: to,
  target_slot: input,
  type,
});
const input = (name, type, link, more = {}) => ({ name, type, link, ...more });
const output = (type, links) => ({ name: type, type, links });
const node = (id, type, more = {}) => ({
  id,
  type,
  pos: [id * 300, 50],
  size: [210, 100],
  flags: {},
  order: 0,
  mode: 0,
  inputs: [],
  outputs: [],
  properties: {},
  ...more,
});

const definition = (id, name, more) => ({
  id,
  version: 1,
  state: { lastGroupId: 0, lastNodeId: 9, lastLinkId: 9, lastRerouteId: 0 },
  revision: 0,
  config: {},
  name,
  inputNode: { id: -10, bounding: [-200, 40, 120, 60] },
  outputNode: { id: -20, bounding: [900, 40, 120, 60] },
  inputs: [],
  outputs: [],
  widgets: [],
  nodes: [],
  groups: [],
  links: [],
  extra: {},
  ...more,
});

/** A text becomes a conditioning; the text is an input of the subgraph, whose widget is shown outside. */
export const words = definition('words', 'Words', {
  inputs: [port('w-clip', 'clip', 'CLIP', [1]), port('w-text', 'text', 'STRING', [2], { label: 'What to draw' })],
  outputs: [port('w-out', 'CONDITIONING', 'CONDITIONING', [3])],
  nodes: [
    node(1, 'Encode', {
      inputs: [input('clip', 'CLIP', 1), input('text', 'STRING', 2, { widget: { name: 'text' } })],
      outputs: [output('CONDITIONING', [3])],
      widgets_values: ['a cat'],
    }),
  ],
  links: [
    wire(1, -10, 0, 1, 0, 'CLIP'),
    wire(2, -10, 1, 1, 1, 'STRING'),
    wire(3, 1, 0, -20, 0, 'CONDITIONING'),
  ],
});

/** Two instances of it are in another one, which shows a text of each, and widgets of its sampler. */
export const drawing = definition('drawing', 'Drawing', {
  inputs: [port('d-model', 'model', 'MODEL', [1]), port('d-clip', 'clip', 'CLIP', [2, 3])],
  outputs: [port('d-out', 'LATENT', 'LATENT', [6])],
  nodes: [
    node(3, 'words', {
      title: 'First',
      inputs: [input('clip', 'CLIP', 2), input('text', 'STRING', null, { widget: { name: 'text' } })],
      outputs: [output('CONDITIONING', [5])],
      widgets_values: ['a dog'],
    }),
    node(4, 'words', {
      title: 'Second',
      inputs: [input('clip', 'CLIP', 3)],
      outputs: [output('CONDITIONING', null)],
      widgets_values: [null],
    }),
    node(5, 'Sampler', {
      inputs: [
        input('model', 'MODEL', 1),
        input('positive', 'CONDITIONING', 5),
        input('latent', 'LATENT', null),
      ],
      outputs: [output('LATENT', [6])],
      widgets_values: [7, 'randomize', 20],
    }),
  ],
  links: [
    wire(1, -10, 0, 5, 0, 'MODEL'),
    wire(2, -10, 1, 3, 0, 'CLIP'),
    wire(3, -10, 1, 4, 0, 'CLIP'),
    wire(5, 3, 0, 5, 1, 'CONDITIONING'),
    wire(6, 5, 0, -20, 0, 'LATENT'),
  ],
  groups: [{ id: 1, title: 'Sampling', bounding: [1400, 0, 400, 300], flags: {} }],
});

export const workflow = {
  id: 'a-workflow',
  revision: 0,
  last_node_id: 12,
  last_link_id: 12,
  nodes: [
    node(1, 'Loader', { outputs: [output('MODEL', [1, 4]), output('CLIP', [2]), output('VAE', null)], widgets_values: ['a.safetensors'] }),
    node(2, 'drawing', {
      inputs: [input('model', 'MODEL', 1), input('clip', 'CLIP', 2)],
      outputs: [output('LATENT', [3])],
      properties: { proxyWidgets: [['3', 'text'], ['5', 'seed'], ['5', 'control_after_generate'], ['5', 'steps']] },
      widgets_values: ['a bird', 11, 'fixed', null],
    }),
    node(3, 'drawing', {
      inputs: [input('model', 'MODEL', 4), input('clip', 'CLIP', null)],
      outputs: [output('LATENT', null)],
      widgets_values: [],
    }),
    node(4, 'Decode', {
      inputs: [input('samples', 'LATENT', 3), input('vae', 'VAE', null)],
      outputs: [output('IMAGE', null)],
    }),
  ],
  links: [
    [1, 1, 0, 2, 0, 'MODEL'],
    [2, 1, 1, 2, 1, 'CLIP'],
    [3, 2, 0, 4, 0, 'LATENT'],
    [4, 1, 0, 3, 0, 'MODEL'],
  ],
  groups: [],
  definitions: { subgraphs: [words, drawing] },
  config: {},
  extra: { ds: { scale: 1, offset: [0, 0] } },
  version: 0.4,
};

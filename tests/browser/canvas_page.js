// The canvas alone, over the editor's own core: a document of nodes that only the tests know.

const base = new URL(document.querySelector('link[rel=stylesheet]').href).pathname.replace(/\/style\/.*/, '');
const load = (...names) => Promise.all(names.map((name) => import(`${base}/${name}.js`)));
const [{ createEditor }, i18n, { followKeys }, { followClipboard }, { DraftStore }] = await load(
  'app/editor',
  'app/i18n',
  'app/keymap',
  'app/clipboard',
  'app/draft-store',
);
const [{ createNode }, edits, { Client }, panels, { mountCanvas }] = await load(
  'core/create',
  'core/edits',
  'net/client',
  'panels/surface',
  'canvas/canvas',
);

const type = (title, category, required, output) => ({
  name: title,
  display_name: title,
  description: '',
  category,
  python_module: 'tests',
  input: { required },
  output,
  output_is_list: output.map(() => false),
  output_name: output,
  output_node: output.length === 0,
});

const NAMES = Array.from({ length: 40 }, (_, index) => `model-${index}.safetensors`);

const TYPES = {
  Source: type('Source', 'loaders', { file: [NAMES, {}] }, ['MODEL', 'IMAGE']),
  Words: type('Words', 'conditioning', { text: ['STRING', { multiline: true }] }, ['STRING']),
  Sampler: type(
    'Sampler',
    'sampling',
    {
      model: ['MODEL', {}],
      hint: ['IMAGE', {}],
      seed: ['INT', { default: 5, min: 0, max: 2 ** 50, control_after_generate: true }],
      steps: ['INT', { default: 20, min: 1, max: 100 }],
      denoise: ['FLOAT', { default: 0.5, min: 0, max: 1, step: 0.01, display: 'slider' }],
      tiled: ['BOOLEAN', { default: false }],
      name: ['STRING', { default: 'night' }],
    },
    ['LATENT'],
  ),
  Fields: type(
    'Fields',
    'test',
    {
      scale: ['FLOAT', { default: 1, min: -4, max: 4, step: 0.05 }],
      seed: ['INT', { default: 5, min: 0, max: 2 ** 64, control_after_generate: true }],
      ink: ['STRING', { default: '#f47a45', display: 'color', alpha: true }],
      style: [['ink', 'oil', 'wax'], { control_after_generate: true }],
      prompt: ['STRING', { multiline: true, dynamicPrompts: true, default: '' }],
    },
    [],
  ),
  Decode: type('Decode', 'latent', { samples: ['LATENT', {}] }, ['IMAGE']),
  Show: type('Show', 'image', { images: ['IMAGE', {}] }, []),
  Filter: type('Filter', 'image', { image: ['IMAGE', {}] }, ['IMAGE']),
};

const translator = i18n.createTranslator(new Map([['en', await i18n.loadTexts('en')]]), 'en');

class ClientOfTests extends Client {
  async objectInfo() {
    return TYPES;
  }
}

const client = new ClientOfTests('test', location.origin);
const editor = createEditor(client, translator, panels.createSurface, new DraftStore());
await editor.reloadSpecs();

const node = (kind, id, x, y, more = {}) => ({ ...createNode(editor.specs.peek().get(kind), id, { x, y }), ...more });

const link = (id, from, output, to, input, kind) => ({ id, from, output, to, input, type: kind });

/** Nodes of the types in turn on a grid, each linked to the next where they fit. */
function grid(count) {
  const columns = Math.ceil(Math.sqrt(count));
  const kinds = ['Source', 'Sampler', 'Decode', 'Show'];
  const nodes = Array.from({ length: count }, (_, index) =>
    node(kinds[index % 4], String(index + 1), (index % columns) * 400, Math.floor(index / columns) * 360),
  );
  const ends = { Source: ['model', 'MODEL'], Sampler: ['samples', 'LATENT'], Decode: ['images', 'IMAGE'] };
  const links = nodes.flatMap(({ id, type: kind }, index) => {
    const [input, passed] = ends[kind] ?? [];
    return input && index + 1 < count ? [link(index + 1, id, 0, String(index + 2), input, passed)] : [];
  });
  return { nodes, links };
}

/** One node of each type, not linked, and one of a type that is not installed. */
function few() {
  const unknown = {
    type: 'NotInstalled',
    savedInputs: [{ name: 'face', type: 'FACE', rest: {} }],
    savedOutputs: [{ name: 'MODEL', type: 'MODEL', rest: {} }],
  };
  const nodes = [
    node('Source', '1', 40, 80),
    node('Words', '2', 40, 260, { width: 280 }),
    node('Sampler', '3', 420, 80),
    node('Decode', '4', 780, 80),
    node('Show', '5', 780, 260),
    { ...node('Decode', '6', 420, 460), ...unknown },
  ];
  return { nodes, links: [] };
}

function open({ nodes, links, groups = [], rest = {} }) {
  editor.perform(edits.replaceAll({ nodes, links, groups, rest }));
  editor.history.clear(true);
  view.setCamera({ x: 0, y: 0, scale: 1 });
}

/** Show the document in other elements, and leave. */
function mountAndDestroy(times) {
  for (let time = 0; time < times; time += 1) {
    const host = document.createElement('main');
    host.style.cssText = 'position: absolute; width: 800px; height: 600px';
    document.body.append(host);
    mountCanvas(host, editor).destroy();
    host.remove();
  }
  editor.view = view;
}

const view = mountCanvas(document.getElementById('canvas'), editor);
open(few());
followKeys(editor);
followClipboard(editor);
globalThis.bench = { editor, view, open, few, grid, node, edits, mountAndDestroy };

/** What becomes of files: workflows are opened, pictures and latents become nodes that load them, models are uploaded. */

import { addNodes, compose, setValue } from '../core/edits.js';
import { createNode } from '../core/create.js';
import { isAdvanced } from '../core/spec.js';
import { FormatError } from '../core/format.js';
import { kindOfWeights } from '../core/weight-files.js';
import { isReadInPart } from './file-texts.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

/** How far nodes of several files lie from each other. */
const STEP = 40;
const PICTURE_LOADER = { type: 'LoadImage', input: 'image' };
const VIDEO_LOADER = { type: 'LoadVideo', input: 'file' };
/** What is said of files that neither are a workflow nor carry one. */
const NO_WORKFLOWS = { 'drop.archive': /\.(zip|7z|rar|tar|gz|tgz)$/i, 'drop.pickle': /\.(ckpt|pt|pth|bin|onnx|gguf)$/i };
const LATENT_LOADER = { type: 'LoadLatent', input: 'latent' };

/**
 * @param {Application} editor
 * @param {readonly File[]} files
 * @param {Point} place where the first node comes to lie
 */
export async function takeFiles(editor, files, place) {
  let at = place;
  for (const file of files) {
    await editor.attempt(() => takeFile(editor, file, at));
    at = { x: at.x + STEP, y: at.y + STEP };
  }
}

/** @param {Application} editor @param {File} file @param {Point} place */
async function takeFile(editor, file, place) {
  if (/\.(safetensors|sft|latent)$/i.test(file.name)) return takeTensors(editor, file, place);
  const loader = loaderOfMedia(editor, file);
  if (!loader) return openWorkflow(editor, file);
  const isPicture = loader === PICTURE_LOADER;
  if ((isPicture || isReadInPart(file.name)) && (await openCarried(editor, file))) return;
  const kept = isPicture ? await editor.uploadImage(file) : await editor.uploadFile(file);
  addLoader(editor, loader, nameIn(kept), place);
  editor.notify('info', editor.t('drop.added', { name: file.name }));
}

/**
 * Open the workflow that a picture or a video carries. One that is damaged is told, and is no reason not to load the file.
 * @param {Application} editor
 * @param {File} file
 */
async function openCarried({ files, notify, t }, file) {
  try {
    if (!(await files.openFile(file))) return false;
    notify('info', t('drop.opened', { name: file.name }));
    return true;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    notify('warning', t(error.key, error.values));
    return false;
  }
}

/**
 * What loads a picture or a video. Whether it can be read the server knows, which says so when it is sent there.
 * @param {Application} editor
 * @param {File} file
 */
function loaderOfMedia({ specs }, { name, type }) {
  if (type.startsWith('image/')) return PICTURE_LOADER;
  const input = specs.peek().get(VIDEO_LOADER.type)?.inputs.find((each) => each.name === VIDEO_LOADER.input);
  const endings = input?.options.extensions ?? [];
  return type.startsWith('video/') || endings.some((ending) => name.toLowerCase().endsWith(ending)) ? VIDEO_LOADER : null;
}

/** @param {Application} editor @param {File} file */
async function openWorkflow(editor, file) {
  try {
    if (await editor.files.openFile(file)) return;
  } catch (error) {
    // A folder is dropped as a file that nobody can read.
    if (!(error instanceof DOMException)) throw error;
    return editor.notify('error', editor.t('drop.unreadable', { name: file.name }));
  }
  const [key = ''] = Object.entries(NO_WORKFLOWS).find(([, names]) => names.test(file.name)) ?? [];
  editor.notify('error', editor.t(key || 'format.no-workflow-inside', { name: file.name }));
}

/**
 * Upload a picture and put a node that loads it on the canvas.
 * @param {Application} editor
 * @param {File} file
 * @param {Point} place
 */
export async function addPicture(editor, file, place) {
  const picture = await editor.uploadImage(file);
  addLoader(editor, PICTURE_LOADER, nameIn(picture), place);
}

/** @param {{ filename: string, subfolder: string }} file */
const nameIn = ({ filename, subfolder }) => (subfolder ? `${subfolder}/${filename}` : filename);

/**
 * @param {Application} editor
 * @param {{ type: string, input: string }} loader
 * @param {string} value
 * @param {Point} place
 */
export function addLoader(editor, { type, input }, value, place) {
  const spec = editor.specs.peek().get(type);
  if (!spec) return;
  const node = createNode(spec, editor.document.freshNodeId(), place);
  editor.perform(compose('edit.add', [addNodes([node]), setValue(node.id, input, value)]));
  editor.selection.set([node.id]);
}

/**
 * Weights open the workflow that made them, where they carry it. All can be sent to the server.
 * @param {Application} editor
 * @param {File} file
 * @param {Point} place
 */
async function takeTensors(editor, file, place) {
  const { aboutWeights, readWeightHeader, trainingText } = await import('./weight-header.js');
  const header = await readWeightHeader(file);
  const kind = header && kindOfWeights(header);
  if (kind === 'latent') return addLatent(editor, file, place);
  const said = trainingText(editor, header);
  const lack = await openMaker(editor, file);
  if (lack !== null) return sendWeights(editor, file, kind, [said, lack].filter(Boolean), place);
  const text = editor.t('weights.opened', { name: file.name, about: aboutWeights(editor, header) });
  const send = () => sendWeights(editor, file, kind, [said].filter(Boolean), place);
  editor.notify('info', text, { label: editor.t('weights.add'), run: () => void editor.attempt(send) });
}

/**
 * Open the workflow that made a file. One that is damaged is no reason not to use the weights.
 * @param {Application} editor
 * @param {File} file
 * @returns {Promise<string | null>} why there is none, in a sentence; null where it is open
 */
async function openMaker(editor, file) {
  try {
    return (await editor.files.openFile(file)) ? null : editor.t('weights.no-workflow');
  } catch (error) {
    if (error instanceof FormatError) return editor.t('weights.damaged');
    throw error;
  }
}

/**
 * @param {Application} editor
 * @param {File} file
 * @param {string | null} kind
 * @param {readonly string[]} said what is known of it, beside its kind
 * @param {Point} place
 */
async function sendWeights(editor, file, kind, said, place) {
  const { askUpload } = await import('../panels/upload-model.js');
  const model = await askUpload(editor, file, kind, said);
  if (!model) return;
  await editor.reloadSpecs();
  if (!addModel(editor, model.kind, model.name, place))
    editor.notify('info', editor.t('upload.no-loader', { name: model.name }));
}

/**
 * Put a node on the canvas that uses a model.
 * @param {Application} editor
 * @param {string} kind
 * @param {string} name
 * @param {Point} place
 * @returns {boolean} false where no node takes such models
 */
export function addModel(editor, kind, name, place) {
  const loader = loaderOf(editor.specs.peek(), kind);
  if (kind === 'embeddings') addEmbedding(editor, name, place);
  else if (loader) addLoader(editor, loader, name, place);
  return kind === 'embeddings' || loader !== null;
}

/** @param {Application} editor @param {File} file @param {Point} place */
async function addLatent(editor, file, place) {
  const stored = await editor.client.uploadFile(
    new File([file], file.name.replace(/\.(safetensors|sft)$/i, '.latent')),
    '',
  );
  await editor.reloadSpecs();
  addLoader(editor, LATENT_LOADER, nameIn(stored), place);
}

/** An embedding is used by its name in a prompt. @param {Application} editor @param {string} name @param {Point} place */
function addEmbedding(editor, name, place) {
  const spec = [...editor.specs.peek().values()].find(
    ({ aliasOf, inputs, outputs }) =>
      aliasOf === null &&
      inputs.filter((input) => !isAdvanced(input)).length === 2 &&
      inputs.some(({ type }) => type === 'CLIP') &&
      outputs[0]?.type === 'CONDITIONING',
  );
  const text = spec?.inputs.find(({ type }) => type === 'STRING');
  if (!spec || !text) return;
  addLoader(editor, { type: spec.type, input: text.name }, `embedding:${name.replace(/\.[^.]+$/, '')}`, place);
}

/** What a node gives that is not made by it, but said: numbers, texts, choices. */
const PLAIN = new Set(['STRING', 'COMBO', 'INT', 'FLOAT', 'BOOLEAN']);

/** @param {NodeSpec} spec */
const given = ({ outputs }) => outputs.filter(({ type }) => !PLAIN.has(type)).length;

/** @param {NodeSpec} spec */
const depth = ({ category }) => category.split('/').length;

/**
 * The node that loads a kind of models: the one that gives most, and wants least beside it. Those in a category within
 * another one are for something particular.
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {string} kind
 * @returns {{ type: string, input: string } | null}
 */
export function loaderOf(specs, kind) {
  const found = [...specs.values()].flatMap((spec) => {
    // What takes a file only on demand, as trainings do to go on from it, does not load it.
    const input = spec.inputs.find((each) => each.options.files === kind && !isAdvanced(each));
    return input && spec.aliasOf === null && !spec.deprecated ? [{ type: spec.type, input: input.name, spec }] : [];
  });
  // Nodes that give the name of a file on load nothing.
  const [first] = found
    .filter(({ spec }) => given(spec) > 0)
    .sort((a, b) => depth(a.spec) - depth(b.spec) || given(b.spec) - given(a.spec) || a.spec.inputs.length - b.spec.inputs.length);
  return first ? { type: first.type, input: first.input } : null;
}

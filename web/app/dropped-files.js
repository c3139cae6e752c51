/** What becomes of files: workflows are opened, pictures and latents become nodes that load them, models are uploaded. */

import { addNodes, compose, setValue } from '../core/edits.js';
import { createNode } from '../core/create.js';
import { isAdvanced } from '../core/spec.js';
import { isVideo } from '../ui/video.js';
import { headerLength, kindOfWeights, readHeader } from '../core/weight-files.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

/** How far nodes of several files lie from each other. */
const STEP = 40;
const PICTURE_LOADER = { type: 'LoadImage', input: 'image' };
const VIDEO_LOADER = { type: 'LoadVideo', input: 'file' };
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
  if (await editor.files.openFile(file)) return;
  if (isVideo(file.name)) return addVideo(editor, file, place);
  if (file.type.startsWith('image/')) return addPicture(editor, file, place);
  editor.notify('error', editor.t('format.no-workflow-inside', { name: file.name }));
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

/** @param {Application} editor @param {File} file @param {Point} place */
async function addVideo(editor, file, place) {
  addLoader(editor, VIDEO_LOADER, nameIn(await editor.uploadFile(file)), place);
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

/** @param {Application} editor @param {File} file @param {Point} place */
async function takeTensors(editor, file, place) {
  const kind = await kindOf(file);
  if (kind === 'latent') return addLatent(editor, file, place);
  const { askUpload } = await import('../panels/upload-model.js');
  const model = await askUpload(editor, file, kind);
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

/** Of a file that may be many gigabytes, only the header is read. @param {File} file */
async function kindOf(file) {
  const length = headerLength(new Uint8Array(await file.slice(0, 8).arrayBuffer()), file.size);
  const header = length === null ? null : readHeader(await file.slice(8, 8 + length).text());
  return header && kindOfWeights(header);
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
    const input = spec.inputs.find(({ options }) => options.files === kind);
    return input && spec.aliasOf === null && !spec.deprecated ? [{ type: spec.type, input: input.name, spec }] : [];
  });
  // Nodes that give the name of a file on load nothing.
  const [first] = found
    .filter(({ spec }) => given(spec) > 0)
    .sort((a, b) => depth(a.spec) - depth(b.spec) || given(b.spec) - given(a.spec) || a.spec.inputs.length - b.spec.inputs.length);
  return first ? { type: first.type, input: first.input } : null;
}

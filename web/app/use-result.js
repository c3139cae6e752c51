/** What can be done with a picture that was made: open its workflow, load it, copy it, save it. */

import { createNode } from '../core/create.js';
import { addNodes, compose, setValue } from '../core/edits.js';
import { copyToInput, readJob } from '../net/jobs.js';
import { isVideo } from '../ui/video.js';
import { readTexts } from './file-texts.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { PictureRef, Point } from '../types/editor.d.ts' */
/** @import { JobDetail, Result } from '../types/run.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const PICTURE_LOADER = { type: 'LoadImage', input: 'image' };
const VIDEO_LOADER = { type: 'LoadVideo', input: 'file' };

/** What is known of how a picture was made. @typedef {{ prompt: Record<string, Json> | null, workflow: Json | null, job: JobDetail | null, parameters: string | null }} Origin */

/**
 * @param {Application} editor
 * @param {PictureRef | Result} picture
 * @returns {Promise<Origin>} from its job, or from the file where the job is not known
 */
export async function originOf(editor, picture) {
  if ('job' in picture) {
    const job = await readJob(editor.client, picture.job);
    const information = job.workflow.extra_data['extra_pnginfo'];
    const known = typeof information === 'object' && information !== null && !Array.isArray(information);
    return { prompt: job.workflow.prompt, workflow: (known && information['workflow']) || null, job, parameters: null };
  }
  const response = await fetch(editor.pictureUrl(picture));
  const texts = await readTexts(await response.blob(), picture.filename);
  const json = (/** @type {string} */ key) => parse(texts.get(key));
  return {
    prompt: /** @type {Record<string, Json> | null} */ (json('prompt')),
    workflow: json('workflow'),
    job: null,
    parameters: texts.get('parameters') ?? null,
  };
}

/** @param {string | undefined} text @returns {Json} */
function parse(text) {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {Application} editor @param {PictureRef | Result} picture */
export async function openWorkflowOf(editor, picture) {
  const { prompt, workflow, job, parameters } = await originOf(editor, picture);
  const texts = new Map(parameters === null ? [] : [['parameters', parameters]]);
  const file = workflow ?? prompt ?? (await (await import('./infotext.js')).workflowOfTexts(editor, texts));
  if (file === null) return editor.notify('warning', editor.t('pictures.no-workflow'));
  editor.files.openJson(file, job?.name || picture.filename.replace(/\.[^.]+$/, ''));
}

/**
 * Have a node load a picture or a video: the one that is given, one that is selected, or a new one.
 * @param {Application} editor
 * @param {PictureRef} picture
 * @param {{ node?: { id: NodeId, input: string }, place?: Point }} [where]
 */
export async function useAsInput(editor, picture, { node, place } = {}) {
  const copied = picture.type === 'input' ? picture : await copyToInput(editor.client, picture);
  await editor.reloadSpecs();
  const name = copied.subfolder === '' ? copied.filename : `${copied.subfolder}/${copied.filename}`;
  const loader = isVideo(copied.filename) ? VIDEO_LOADER : PICTURE_LOADER;
  const target = node ?? (place || loader === VIDEO_LOADER ? null : selectedLoader(editor));
  if (target) {
    editor.perform(setValue(target.id, target.input, name));
    editor.notify('info', editor.t('pictures.used', { name: copied.filename }));
    return;
  }
  const spec = editor.specs.peek().get(loader.type);
  if (!spec) return;
  const made = createNode(spec, editor.document.freshNodeId(), place ?? editor.view?.pointer() ?? { x: 0, y: 0 });
  editor.perform(compose('edit.add', [addNodes([made]), setValue(made.id, loader.input, name)]));
  if (place) editor.selection.set([made.id]);
  else editor.show([made.id]);
}

/** The only selected node, if it takes a picture. @param {Application} editor */
function selectedLoader({ document, inputs, selection }) {
  const [id, ...others] = selection.ids.peek();
  const node = id === undefined || others.length > 0 ? undefined : document.nodes.get(id);
  const input = node && inputs(node).find(({ options }) => options.image_upload);
  return node && input ? { id: node.id, input: input.name } : null;
}

/** @param {Application} editor @param {PictureRef} picture */
export async function copyPicture(editor, picture) {
  // Clipboards take PNG alone. The promise is given at once: the user's press is still fresh then.
  const png = fetch(`${editor.pictureUrl(picture)}&preview=png`).then((response) => response.blob());
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
  editor.notify('info', editor.t('pictures.copied'));
}

/** @param {Application} editor @param {PictureRef} picture */
export function savePicture(editor, picture) {
  const link = document.createElement('a');
  link.href = editor.pictureUrl(picture);
  link.download = picture.filename;
  link.click();
}

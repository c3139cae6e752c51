/** What a safetensors file is, and what it says of itself, from its header. */

import { isRecord, listOf, recordOf } from './json.js';

/** @import { Json } from '../types/spec.d.ts' */

/** Bytes; the limit of the format. */
const LARGEST_HEADER = 100_000_000;

/** @typedef {{ names: readonly string[], shapes: ReadonlyMap<string, readonly number[]>, metadata: Record<string, Json> }} Header */

/**
 * How many bytes of a file its header is, after the eight that say so; null for a file that is no safetensors file.
 * @param {Uint8Array} start the first eight bytes
 * @param {number} size of the whole file
 */
export function headerLength(start, size) {
  if (start.length < 8) return null;
  const view = new DataView(start.buffer, start.byteOffset, 8);
  const length = Number(view.getBigUint64(0, true));
  return length >= 2 && length <= Math.min(LARGEST_HEADER, size - 8) ? length : null;
}

/**
 * @param {string} text the header
 * @returns {Header | null} null when it is none
 */
export function readHeader(text) {
  let entries;
  try {
    entries = /** @type {Json} */ (JSON.parse(text));
  } catch {
    return null;
  }
  if (!isRecord(entries)) return null;
  const { __metadata__: metadata, ...tensors } = entries;
  const shapes = new Map(
    Object.entries(tensors).map(([name, tensor]) => [name, listOf(recordOf(tensor)['shape']).map(Number)]),
  );
  return { names: [...shapes.keys()], shapes, metadata: recordOf(metadata) };
}

/** What programs call the families of models; the first that fits counts. @type {readonly [RegExp, string][]} */
const FAMILIES = [
  [/flux/i, 'Flux'],
  [/sd[_ -]?3|stable-diffusion-v?3/i, 'SD 3'],
  [/refiner/i, 'SDXL refiner'],
  [/xl/i, 'SDXL'],
  [/(sd|stable-diffusion)[_ -]?v?2/i, 'SD 2.x'],
  [/(sd|stable-diffusion)[_ -]?v?1/i, 'SD 1.x'],
];
const MOST_WORDS = 5;

/**
 * What a file says of its training: the family of its model, how many steps it took, and its trigger words, or else the
 * tags that most of its pictures had.
 * @param {Header} header
 * @returns {{ base: string, steps: number | null, words: string[] }}
 */
export function trainingOf({ metadata }) {
  const said = (/** @type {string} */ key) => String(metadata[key] ?? '').trim();
  const named = [said('modelspec.architecture'), said('ss_base_model_version'), said('ss_sd_model_name')];
  const base = named.flatMap((name) => FAMILIES.find(([mark]) => mark.test(name))?.[1] ?? []).at(0) ?? '';
  const steps = /^\d+$/.test(said('ss_steps')) ? Number(said('ss_steps')) : null;
  const phrase = said('modelspec.trigger_phrase').split(',').map((word) => word.trim());
  const words = phrase.some(Boolean) ? phrase.filter(Boolean) : frequentTags(said('ss_tag_frequency'));
  return { base, steps, words: words.slice(0, MOST_WORDS) };
}

/** @param {string} text counts of tags by folder, as JSON @returns {string[]} the most frequent first */
function frequentTags(text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  try {
    for (const folder of Object.values(recordOf(JSON.parse(text)))) {
      for (const [tag, count] of Object.entries(recordOf(folder))) {
        counts.set(tag.trim(), (counts.get(tag.trim()) ?? 0) + (Number(count) || 0));
      }
    }
  } catch {
    return [];
  }
  return [...counts.keys()].filter(Boolean).sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
}

/** Marks of each kind, as beginnings or parts of names; the first kind that fits counts. @type {readonly [string, RegExp][]} */
const MARKS = [
  ['latent', /^latent_tensor$/],
  [
    'loras',
    /\.(lora_up|lora_down|lora_A|lora_B|hada_w1_a|lokr_w1|lokr_w1_a|lora_magnitude_vector|oft_blocks|oft_diag|diff|diff_b)\b|^lora_(unet|te)/,
  ],
  ['controlnet', /^(control_model\.|controlnet_cond_embedding\.|controlnet_blocks\.|adapter\.body\.)/],
  ['embeddings', /^(emb_params|string_to_param\.|clip_[lg]$)/],
  ['clip_vision', /^(vision_model\.|visual\.)/],
  ['upscale_models', /^(params_ema\.|model\.0\.weight$|conv_first\.weight$|body\.0\.)/],
];

/**
 * The folder of `models/` that a file belongs into, or `latent`; null where nothing is known of it.
 * @param {Header} header
 * @returns {string | null}
 */
export function kindOfWeights({ names, shapes }) {
  const some = (/** @type {RegExp} */ mark) => names.some((name) => mark.test(name));
  const diffusion = some(/^model\.diffusion_model\./);
  if (diffusion) return some(/^(first_stage_model|vae)\./) ? 'checkpoints' : 'diffusion_models';
  for (const [kind, mark] of MARKS) if (some(mark)) return kind;
  if (some(/^(encoder|decoder)\.(conv_in|down|up|mid|middle|conv1)\b/) && !some(/^(text_model|transformer)\./))
    return 'vae';
  if (some(/^(text_model\.|text_encoders\.|encoder\.block\.|model\.layers\.|transformer\.resblocks\.)/))
    return 'text_encoders';
  if (
    some(/^(double_blocks|joint_blocks|input_blocks|transformer_blocks|single_transformer_blocks|down_blocks|blocks)\./)
  ) {
    return 'diffusion_models';
  }
  // A bare list of vectors is what some programs write of a textual inversion.
  const [only] = shapes.values();
  return names.length === 1 && only?.length === 2 && (only[1] ?? 0) >= 512 ? 'embeddings' : null;
}

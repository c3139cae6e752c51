/** What a prompt says about the picture that it makes: its texts, seed, steps, models. */

/** @import { Json } from '../types/spec.d.ts' */

/** @typedef {{ class_type?: string, inputs?: Record<string, Json>, _meta?: { title?: string } }} PromptNode */
/** @typedef {{ key: string, value: string }} Fact `key` is of the locales, `fact.<key>` */

const WEIGHTS = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf)$/i;
/** Inputs of samplers that are worth being told, with the names of their facts. */
const SETTINGS = /** @type {const} */ ([
  ['seed', 'seed'],
  ['noise_seed', 'seed'],
  ['steps', 'steps'],
  ['cfg', 'cfg'],
  ['guidance', 'cfg'],
  ['sampler_name', 'sampler'],
  ['scheduler', 'scheduler'],
  ['denoise', 'denoise'],
]);

/**
 * @param {Record<string, Json>} prompt in the API format
 * @returns {Fact[]} in the order in which they are read
 */
export function factsOf(prompt) {
  const nodes = new Map(Object.entries(/** @type {Record<string, PromptNode>} */ (/** @type {unknown} */ (prompt))));
  const samplers = [...nodes.values()].filter(({ inputs }) => inputs && ['seed', 'noise_seed', 'steps'].some((name) => name in inputs));
  /** @type {Fact[]} */
  const facts = [];
  for (const [side, key] of /** @type {const} */ ([['positive', 'prompt'], ['negative', 'negative']])) {
    const texts = samplers.flatMap(({ inputs }) => textsBehind(nodes, inputs?.[side]));
    for (const text of new Set(texts)) if (text.trim() !== '') facts.push({ key, value: text });
  }
  for (const { inputs = {} } of samplers) {
    for (const [input, key] of SETTINGS) {
      const value = literal(nodes, inputs[input]);
      if (value !== null) add(facts, key, value);
    }
  }
  for (const { inputs = {} } of nodes.values()) addFiles(facts, inputs);
  addSize(facts, nodes);
  return facts;
}

/** @param {Fact[]} facts @param {string} key @param {string} value the same is told once */
function add(facts, key, value) {
  if (!facts.some((fact) => fact.key === key && fact.value === value)) facts.push({ key, value });
}

/** @param {Fact[]} facts @param {Record<string, Json>} inputs */
function addFiles(facts, inputs) {
  for (const [name, value] of Object.entries(inputs)) {
    if (typeof value === 'string' && WEIGHTS.test(value)) add(facts, /lora/i.test(name) ? 'lora' : 'model', value);
  }
}

/** @param {Fact[]} facts @param {Map<string, PromptNode>} nodes */
function addSize(facts, nodes) {
  for (const { inputs = {} } of nodes.values()) {
    const { width, height } = inputs;
    if (typeof width === 'number' && typeof height === 'number') add(facts, 'size', `${width} × ${height}`);
  }
}

/** @param {Json | undefined} value @returns {string | null} the node that a link comes from */
const sourceOf = (value) => (Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' ? value[0] : null);

/**
 * A value, or the one that the node behind a link holds.
 * @param {Map<string, PromptNode>} nodes
 * @param {Json | undefined} value
 * @returns {string | null}
 */
function literal(nodes, value) {
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  const source = sourceOf(value);
  const inputs = Object.values((source !== null && nodes.get(source)?.inputs) || {});
  const [only] = inputs;
  return inputs.length === 1 && (typeof only === 'number' || typeof only === 'string') ? String(only) : null;
}

/**
 * The texts that a conditioning was made from.
 * @param {Map<string, PromptNode>} nodes
 * @param {Json | undefined} link
 * @returns {string[]}
 */
function textsBehind(nodes, link) {
  const seen = new Set();
  const next = [link];
  const texts = [];
  while (next.length > 0) {
    const id = sourceOf(next.pop());
    if (id === null || seen.has(id)) continue;
    seen.add(id);
    for (const [name, value] of Object.entries(nodes.get(id)?.inputs ?? {})) {
      if (typeof value === 'string' && /text|prompt/i.test(name) && !WEIGHTS.test(value)) texts.push(value);
      else if (Array.isArray(value)) next.push(value);
    }
  }
  return texts;
}

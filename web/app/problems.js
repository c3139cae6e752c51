/** What is wrong with a node, said in the user's language: from the server's validation and from failed jobs. */

import { PLACE } from '../core/sentences.js';

/** @import { Translator } from '../types/app.d.ts' */
/** @import { NodeProblem } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Frame, Frames, NodeErrors, ValidationError } from '../types/net.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { ServerError } from '../net/server-error.js' */

/** @typedef {(type: string, input: string) => string} InputLabel an input's name in the user's language */

/**
 * @param {NodeErrors} nodeErrors
 * @param {Translator} translator
 * @param {InputLabel} inputLabel
 * @returns {Map<NodeId, NodeProblem[]>}
 */
export function problemsOfValidation(nodeErrors, translator, inputLabel) {
  return new Map(
    Object.entries(nodeErrors).map(([id, { class_type: type, errors }]) => [
      id,
      errors.map((error) => fromValidation(error, translator, (input) => inputLabel(type, input))),
    ]),
  );
}

/**
 * The server's own sentence is in English and knows more (close names, folders, limits); in other languages it is the
 * detail of a shorter one.
 * @param {ValidationError} error
 * @param {Translator} translator
 * @param {(input: string) => string} label
 * @returns {NodeProblem}
 */
function fromValidation({ type, message, details, extra_info: extra }, { t, has, locale }, label) {
  const input = typeof extra['input_name'] === 'string' ? extra['input_name'] : null;
  const sentence = withoutPlace(details || message);
  const key = `problem.${type}`;
  if (locale.peek() === 'en' || !has(key)) return { message: sentence, advice: '', input, detail: '' };
  const values = describe(extra, input === null ? '' : label(input));
  const advice = has(`${key}.advice`) ? t(`${key}.advice`, values) : '';
  return { message: t(key, values), advice, input, detail: sentence };
}

/** The node that a sentence begins with is where the sentence is shown. @param {string} sentence */
function withoutPlace(sentence) {
  return sentence.replace(PLACE, '').replace(/^the input/, 'The input');
}

/** @param {Record<string, Json>} extra @param {string} input */
function describe(extra, input) {
  const [type, options] = Array.isArray(extra['input_config']) ? extra['input_config'] : [];
  const limits = typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {};
  return {
    input,
    value: brief(extra['received_value']),
    received: brief(extra['received_type']),
    wanted: typeof type === 'string' ? type : '',
    min: brief(limits['min']),
    max: brief(limits['max']),
  };
}

/** @param {Json | undefined} value */
function brief(value) {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/**
 * A refusal of the server in the user's language. What it says in English is more exact, and stays where it matters.
 * @param {ServerError} error
 * @param {Translator} translator
 */
export function refusalText({ message, status, type }, { has, locale, sentence, t }) {
  if (status === 0) return t('error.unreachable');
  const said = sentence(message);
  if (said !== message) return said;
  const key = `error.${type}`;
  return locale.peek() === 'en' || !has(key) ? message : t(key, { detail: message });
}

/**
 * Whether an `execution_error` says that a job has failed. It may say as well why a node was skipped: the job goes on.
 * @param {{ exception_type?: Json }} data
 */
export const isFailure = ({ exception_type: type }) => type !== 'ExecutionBlocked';

/**
 * @param {Frames['execution_error']} data
 * @returns {NodeProblem}
 */
export function problemOfFailure({ exception_message: message, advice, input_name: input, traceback }) {
  return { message: withoutPlace(message.trim()), advice: advice ?? '', input: input ?? null, detail: traceback.join('') };
}

/**
 * A frame whose sentences are in the user's language, as far as they are known in it; the traceback stays as it is.
 * @param {Frame} frame
 * @param {Translator} translator
 * @returns {Frame}
 */
export function inUsersLanguage(frame, { sentence }) {
  if (frame.type === 'execution_warning') return { ...frame, data: { ...frame.data, text: sentence(frame.data.text) } };
  if (frame.type !== 'execution_error') return frame;
  const { exception_message: message, advice } = frame.data;
  return { ...frame, data: { ...frame.data, exception_message: sentence(message), ...(advice ? { advice: sentence(advice) } : {}) } };
}

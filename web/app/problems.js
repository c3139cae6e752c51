/** What is wrong with a node, said in the user's language: from the server's validation and from failed jobs. */

/** @import { Translator } from '../types/app.d.ts' */
/** @import { NodeProblem } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Frames, NodeErrors, ValidationError } from '../types/net.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {NodeErrors} nodeErrors
 * @param {Translator} translator
 * @returns {Map<NodeId, NodeProblem[]>}
 */
export function problemsOfValidation(nodeErrors, translator) {
  return new Map(
    Object.entries(nodeErrors).map(([id, { errors }]) => [
      id,
      errors.map((error) => fromValidation(error, translator)),
    ]),
  );
}

/**
 * @param {ValidationError} error
 * @param {Translator} translator
 * @returns {NodeProblem}
 */
function fromValidation({ type, message, details, extra_info: extra }, { t, has, locale }) {
  const input = typeof extra['input_name'] === 'string' ? extra['input_name'] : null;
  const values = describe(extra, input);
  const key = `problem.${type}`;
  // The server's own sentence is in English and knows more: close names, folders, limits.
  const translated = locale.peek() !== 'en' && has(key);
  const text = translated ? t(key, values) : details || message;
  const advice = has(`${key}.advice`) ? t(`${key}.advice`, values) : '';
  return { message: text, advice, input, detail: details };
}

/** @param {Record<string, Json>} extra @param {string | null} input */
function describe(extra, input) {
  const [type, options] = Array.isArray(extra['input_config']) ? extra['input_config'] : [];
  const limits = typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {};
  return {
    input: input ?? '',
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
 * @param {Frames['execution_error']} data
 * @returns {NodeProblem}
 */
export function problemOfFailure({ exception_message: message, advice, input_name: input, traceback }) {
  return { message: message.trim(), advice: advice ?? '', input: input ?? null, detail: traceback.join('') };
}

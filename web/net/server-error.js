/** Answers of the server that are refusals. */

/** @import { NodeErrors } from '../types/net.d.ts' */

/** `message` is a sentence for the user. `status` 0 means that the server could not be reached. */
export class ServerError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   * @param {NodeErrors} [nodeErrors] what validation found, by node
   * @param {string} [type] the server's name for what is wrong
   */
  constructor(message, status, nodeErrors = {}, type = '') {
    super(message);
    this.status = status;
    this.nodeErrors = nodeErrors;
    this.type = type;
  }
}

/**
 * For requests that the server itself gave rise to: if it is gone by then, it says what has changed when it is back.
 * @param {unknown} error
 * @throws any other error
 */
export function ignoreUnreachable(error) {
  if (!(error instanceof ServerError && error.status === 0)) throw error;
}

/**
 * @param {Response} response a refusal
 * @returns {Promise<ServerError>}
 */
export async function readRefusal(response) {
  const text = await response.text();
  try {
    const { error, node_errors: nodeErrors } = JSON.parse(text);
    const { message, details, type } = typeof error === 'string' ? { message: error, details: '', type: '' } : error;
    return new ServerError(sentence(message, details), response.status, nodeErrors ?? {}, type);
  } catch {
    return new ServerError(text.trim() || `${response.status} ${response.statusText}`, response.status);
  }
}

/** @param {string} message @param {string | undefined} details */
function sentence(message, details) {
  if (!details || details === message) return message;
  return `${message.replace(/[.:]$/, '')}: ${details}`;
}

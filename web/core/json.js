/** Reading of JSON whose shape is not certain. */

/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {Json | undefined} value
 * @returns {value is { [key: string]: Json }}
 */
export function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {Json | undefined} value
 * @returns {Record<string, Json>} the record, or an empty one
 */
export const recordOf = (value) => (isRecord(value) ? value : {});

/**
 * @param {Json | undefined} value
 * @returns {Json[]} the list, or an empty one
 */
export const listOf = (value) => (Array.isArray(value) ? value : []);

/**
 * @param {Json | undefined} value
 * @param {number} otherwise
 */
export const numberOf = (value, otherwise) => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);

/**
 * @param {Json | undefined} value
 * @param {string} otherwise
 */
export const textOf = (value, otherwise) => (typeof value === 'string' ? value : otherwise);

/** @param {Json | undefined} value a file's id: a whole number or a text */
export function idOf(value) {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' && Number.isInteger(value) ? String(value) : null;
}

/** @param {string} id as files write it: a number where it is one */
export const fileId = (id) => (/^-?\d{1,15}$/.test(id) && String(Number(id)) === id ? Number(id) : id);

/**
 * A pair as files write it: `[x, y]`, or `{"0": x, "1": y}`.
 * @param {Json | undefined} value
 * @param {number} first used where the file has none
 * @param {number} second
 * @returns {[number, number]}
 */
export function pairOf(value, first, second) {
  const source = Array.isArray(value) ? { 0: value[0] ?? null, 1: value[1] ?? null } : recordOf(value);
  return [numberOf(source['0'], first), numberOf(source['1'], second)];
}

/**
 * @param {Record<string, Json>} record
 * @param {readonly string[]} names
 * @returns {Record<string, Json>}
 */
export function without(record, names) {
  // Most records are small and large files have many of them, so no list of entries is made.
  /** @type {Record<string, Json>} */
  const rest = {};
  for (const name of Object.keys(record)) {
    if (names.includes(name)) continue;
    const value = record[name] ?? null;
    // Assigned, this name would be the record's prototype.
    if (name === '__proto__') Object.defineProperty(rest, name, { value, configurable: true, enumerable: true, writable: true });
    else rest[name] = value;
  }
  return rest;
}

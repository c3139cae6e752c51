/** What is said of files that cannot be opened. */

/** A file that cannot be opened. `key` and `values` make the sentence in the user's language. */
export class FormatError extends Error {
  /** @param {string} key @param {Record<string, string>} [values] */
  constructor(key, values = {}) {
    super(`${key} ${JSON.stringify(values)}`);
    this.key = key;
    this.values = values;
  }
}

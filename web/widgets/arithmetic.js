/** What people type into number fields: `512*2`, `(3+1)/4`, `2^10`. */

/**
 * @param {string} text
 * @returns {number | null} null when the text is not a sum
 */
export function calculate(text) {
  const tokens = text.match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\*\*|[-+*/%^()]|\S/gi) ?? [];
  const reader = { tokens, at: 0 };
  const value = sum(reader);
  return reader.at === tokens.length && Number.isFinite(value) ? value : null;
}

/** @typedef {{ tokens: readonly string[], at: number }} Reader */

/** @param {Reader} reader @param {readonly string[]} wanted @returns {string | null} the token that was taken */
function take(reader, wanted) {
  const token = reader.tokens[reader.at];
  if (token === undefined || !wanted.includes(token)) return null;
  reader.at += 1;
  return token;
}

/** @param {Reader} reader @returns {number} NaN where it is not a sum */
function sum(reader) {
  let value = product(reader);
  for (let sign = take(reader, ['+', '-']); sign; sign = take(reader, ['+', '-'])) {
    const right = product(reader);
    value = sign === '+' ? value + right : value - right;
  }
  return value;
}

/** @param {Reader} reader @returns {number} */
function product(reader) {
  let value = signed(reader);
  for (let sign = take(reader, ['*', '/', '%']); sign; sign = take(reader, ['*', '/', '%'])) {
    const right = signed(reader);
    if (sign === '*') value *= right;
    else if (sign === '/') value /= right;
    else value %= right;
  }
  return value;
}

/** @param {Reader} reader @returns {number} */
function signed(reader) {
  const sign = take(reader, ['+', '-']);
  if (sign === null) return power(reader);
  return sign === '-' ? -signed(reader) : signed(reader);
}

/** @param {Reader} reader @returns {number} */
function power(reader) {
  const value = atom(reader);
  return take(reader, ['^', '**']) ? value ** signed(reader) : value;
}

/** @param {Reader} reader @returns {number} */
function atom(reader) {
  if (take(reader, ['('])) {
    const value = sum(reader);
    return take(reader, [')']) ? value : NaN;
  }
  const token = reader.tokens[reader.at] ?? '';
  if (!/^[\d.]/.test(token)) return NaN;
  reader.at += 1;
  return Number(token);
}

/**
 * What people type into number fields: `512*2`, `2^10`, `max(8, x/2)`, `+=0.1`, `50%`, `0,5`.
 *
 * A sum has `+ - * / % ^`, brackets, functions, `pi`, and `x`, the field's value. `+= -= *= /=` change the value. A per cent
 * sign that nothing follows means that part of the range, or of the value where there is no range. A comma is a decimal
 * comma, but between the arguments of a function.
 */

/** @typedef {{ value?: number, min?: number | undefined, max?: number | undefined, whole?: boolean }} Situation */
/** @typedef {{ tokens: readonly string[], at: number, situation: Situation }} Reader */

/** @type {Readonly<Record<string, (...values: number[]) => number>>} */
const FUNCTIONS = {
  min: Math.min,
  max: Math.max,
  round: (value, step = 1) => Math.round(value / step) * step,
  floor: (value, step = 1) => Math.floor(value / step) * step,
  ceil: (value, step = 1) => Math.ceil(value / step) * step,
  abs: Math.abs,
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
};
const SIGNS = /** @type {Readonly<Record<string, string>>} */ ({ '×': '*', '÷': '/', '−': '-', '–': '-', '。': '.', '、': ',' });
const GROUPS = /(?<=\d)[\s'\u202f](?=\d{3}(?:\D|$))/g;
const CHANGE = /^([-+*/])=(.*)$/s;

/**
 * @param {string} text
 * @param {Situation} [situation]
 * @returns {number | null} null when the text is not a sum
 */
export function calculate(text, situation = {}) {
  const plain = normal(text);
  const { value = 0 } = situation;
  const change = CHANGE.exec(plain);
  const found = evaluate(change?.[2] ?? plain, situation);
  if (found === null) return null;
  const { result, part } = found;
  if (change) return finite({ '+': value + result, '-': value - result, '*': value * result, '/': value / result }[change[1] ?? '']);
  return finite(part ? result + (situation.min ?? 0) : result);
}

/** Full-width characters of input methods, and signs that are not on keyboards. @param {string} text */
function normal(text) {
  return text
    .replace(/[×÷−–。、]/g, (sign) => SIGNS[sign] ?? sign)
    .normalize('NFKC')
    .trim()
    .replace(GROUPS, '');
}

/** @param {number | undefined} value */
const finite = (value) => (value !== undefined && Number.isFinite(value) ? value : null);

/**
 * @param {string} text
 * @param {Situation} situation
 * @returns {{ result: number, part: boolean } | null} `part`: it is nothing but a part of the range
 */
function evaluate(text, situation) {
  const tokens = tokensOf(text, situation.whole === true);
  const reader = { tokens, at: 0, situation };
  const result = sum(reader);
  if (reader.at !== tokens.length || Number.isNaN(result)) return null;
  const part = tokens.at(-1) === '%' && tokens.slice(0, -1).every((token) => /^[-+]$|^[\d.]/.test(token));
  return { result, part: part && hasRange(situation) };
}

/**
 * @param {string} text
 * @param {boolean} whole
 */
function tokensOf(text, whole) {
  const commas = text.includes(';');
  const tokens = [];
  /** Whether each open bracket belongs to a function. @type {boolean[]} */
  const open = [];
  let rest = text;
  while (rest !== '') {
    const inFunction = open.includes(true) && !commas;
    const number = inFunction ? /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/i : /^(?:\d[\d.,]*|[.,]\d+)(?:e[-+]?\d+)?/i;
    const token = (number.exec(rest) ?? /^(?:\*\*|[a-z]+|\s+|.)/is.exec(rest))?.[0] ?? '';
    rest = rest.slice(token.length);
    if (token.trim() === '') continue;
    if (token === '(') open.push(/^[a-z]/i.test(tokens.at(-1) ?? ''));
    if (token === ')') open.pop();
    tokens.push(/^[\d.,]*\d/.test(token) ? readNumber(token, whole) : token.toLowerCase());
  }
  return tokens;
}

/**
 * A number with a decimal point, whatever it was written with.
 * @param {string} text
 * @param {boolean} whole an input of whole numbers groups digits, rather than have decimals
 */
function readNumber(text, whole) {
  const [points, commas] = [text.split('.').length - 1, text.split(',').length - 1];
  if (points > 0 && commas > 0) {
    return text.lastIndexOf('.') > text.lastIndexOf(',') ? text.replaceAll(',', '') : text.replaceAll('.', '').replace(',', '.');
  }
  if (points > 1) return text.replaceAll('.', '');
  if (commas > 1 || (whole && /^\d{1,3},\d{3}$/.test(text))) return text.replaceAll(',', '');
  return text.replace(',', '.');
}

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
  const value = part(reader);
  return take(reader, ['^', '**']) ? value ** signed(reader) : value;
}

/** @param {Reader} reader @returns {number} */
function part(reader) {
  const value = atom(reader);
  const next = reader.tokens[reader.at + 1];
  if (reader.tokens[reader.at] !== '%' || (next !== undefined && /^[\da-z(.]/.test(next))) return value;
  reader.at += 1;
  const { situation } = reader;
  const { min = 0, max = 0, value: present = 0 } = situation;
  return (value / 100) * (hasRange(situation) ? max - min : present);
}

/** @param {Situation} situation */
const hasRange = ({ min, max }) => min !== undefined && max !== undefined;

/** @param {Reader} reader @returns {number} */
function atom(reader) {
  if (take(reader, ['('])) return closed(reader, sum(reader));
  const token = reader.tokens[reader.at] ?? '';
  reader.at += 1;
  if (/^[\d.]/.test(token)) return Number(token);
  if (token === 'pi' || token === 'π') return Math.PI;
  if (token === 'x') return reader.situation.value ?? NaN;
  const named = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
  if (!named || !take(reader, ['('])) return NaN;
  const values = [sum(reader)];
  while (take(reader, [',', ';'])) values.push(sum(reader));
  return closed(reader, named(...values));
}

/** @param {Reader} reader @param {number} value */
const closed = (reader, value) => (take(reader, [')']) ? value : NaN);

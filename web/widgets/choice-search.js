/** What a list of choices shows: the best matches of a query, or everything by folders, with what was used last on top. */

/** Sections in order; `title` is null for choices that are in no folder. */
/** @typedef {{ kind: 'near' | 'recent' | 'folder' | 'found', title: string | null, choices: readonly string[] }} Section */

/** Shorter lists are read at a glance. */
const LONG = 12;
const MOST_RECENT = 5;
const MOST_NEAR = 3;
const LEAST_NEARNESS = 0.3;

/**
 * @param {readonly string[]} choices
 * @param {{ query: string, value: string, recent: readonly string[], folders: boolean }} wanted `folders`: the choices are files
 * @returns {Section[]}
 */
export function sectionsOf(choices, { query, value, recent, folders }) {
  if (query.trim() !== '') return [{ kind: 'found', title: null, choices: rank(choices, query) }];
  /** @type {Section[]} */
  const sections = [];
  if (value !== '' && !choices.includes(value)) sections.push({ kind: 'near', title: null, choices: nearest(value, choices) });
  if (choices.length > LONG) {
    const present = recent.filter((choice) => choices.includes(choice)).slice(0, MOST_RECENT);
    sections.push({ kind: 'recent', title: null, choices: present });
  }
  sections.push(...(folders ? byFolder(choices) : [{ kind: /** @type {const} */ ('folder'), title: null, choices }]));
  return sections.filter((section) => section.choices.length > 0);
}

/** @param {readonly string[]} choices @returns {Section[]} those outside of folders first */
function byFolder(choices) {
  /** @type {Map<string, string[]>} */
  const folders = new Map([['', []]]);
  for (const choice of choices) {
    const folder = choice.slice(0, Math.max(0, choice.lastIndexOf('/')));
    const list = folders.get(folder) ?? [];
    folders.set(folder, list);
    list.push(choice);
  }
  return [...folders].map(([folder, list]) => ({ kind: 'folder', title: folder === '' ? null : folder, choices: list }));
}

/**
 * The choices in which all words of a query occur, best first; equals keep their order.
 * @param {readonly string[]} choices
 * @param {string} query
 * @returns {string[]}
 */
export function rank(choices, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  return choices
    .map((choice, index) => ({ choice, index, points: words.reduce((sum, word) => sum + points(choice, word), 0) }))
    .filter(({ choice }) => words.every((word) => points(choice, word) > 0))
    .sort((a, b) => b.points - a.points || a.index - b.index)
    .map(({ choice }) => choice);
}

/** How well a word describes a choice: 0 is not at all. @param {string} choice @param {string} word */
function points(choice, word) {
  const path = plain(choice);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (stem(name) === word || name === word) return 10;
  if (name.startsWith(word)) return 7;
  const at = name.indexOf(word);
  if (at > 0) return /[\p{L}\p{N}]/u.test(name[at - 1] ?? ' ') ? 3 : 5;
  return path.includes(word) ? 2 : 0;
}

/**
 * The names that look like one that is not there, best first.
 * @param {string} name
 * @param {readonly string[]} choices
 * @returns {string[]}
 */
export function nearest(name, choices) {
  const wanted = pairs(name);
  return choices
    .map((choice) => ({ choice, nearness: alike(wanted, pairs(choice)) }))
    .filter(({ nearness }) => nearness >= LEAST_NEARNESS)
    .sort((a, b) => b.nearness - a.nearness)
    .slice(0, MOST_NEAR)
    .map(({ choice }) => choice);
}

/** The pairs of letters that follow each other in a file's name, without its folder and ending. @param {string} path */
function pairs(path) {
  const name = stem(plain(path).replace(/^.*[/\\]/, '')).replace(/[\s_-]+/g, '');
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (let at = 0; at + 1 < name.length; at += 1) {
    const pair = name.slice(at, at + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}

/** Dice's coefficient of two bags of pairs. @param {Map<string, number>} one @param {Map<string, number>} other */
function alike(one, other) {
  const size = (/** @type {Map<string, number>} */ bag) => [...bag.values()].reduce((sum, count) => sum + count, 0);
  let shared = 0;
  for (const [pair, count] of one) shared += Math.min(count, other.get(pair) ?? 0);
  return (2 * shared) / (size(one) + size(other) || 1);
}

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize('NFKC');

/** @param {string} name */
const stem = (name) => name.replace(/\.[a-z0-9]{1,12}$/, '');

/** Which types of nodes a person adds: often and of late counts most. Nothing of it depends on a clock. */

/** A type's weight after its last use, and how many uses of any type there were then. */
/** @typedef {{ count: number, of: Map<string, { weight: number, at: number }> }} Uses */

/** What each further use of any type leaves of the weight of the others. */
const FADING = 0.96;
/** Types that are remembered. */
const MOST = 300;

/**
 * @param {string | null} text what `writeUses` gave
 * @returns {Uses}
 */
export function readUses(text) {
  /** @type {Uses} */
  const uses = { count: 0, of: new Map() };
  try {
    const { count, of } = JSON.parse(text ?? '{}');
    for (const [type, weight, at] of of ?? []) {
      if (typeof type === 'string' && Number.isFinite(weight) && Number.isFinite(at)) uses.of.set(type, { weight, at });
    }
    if (Number.isFinite(count)) uses.count = count;
  } catch {
    // Something else has written there: begin anew.
  }
  return uses;
}

/** @param {Uses} uses */
export function writeUses({ count, of }) {
  const kept = [...of].sort(([, a], [, b]) => b.at - a.at).slice(0, MOST);
  return JSON.stringify({ count, of: kept.map(([type, { weight, at }]) => [type, Math.round(weight * 1000) / 1000, at]) });
}

/** @param {Uses} uses @param {string} type @returns {number} 0 for one that was never used */
export function weightOf({ count, of }, type) {
  const use = of.get(type);
  return use ? use.weight * FADING ** (count - use.at) : 0;
}

/** @param {Uses} uses @param {string} type @returns {Uses} with one more use */
export function withUse(uses, type) {
  const count = uses.count + 1;
  const weight = weightOf({ ...uses, count }, type) + 1;
  return { count, of: new Map(uses.of).set(type, { weight, at: count }) };
}

/** How long all that waits will take, by how long the last jobs took. */

/** Fewer say nothing. */
const FEWEST = 2;

/**
 * @param {number | null} rest seconds that the running job still takes, as far as that is known
 * @param {number} running
 * @param {number} waiting
 * @param {readonly number[]} durations seconds that the last jobs took
 * @returns {number | null} seconds, null while nobody can know
 */
export function restOfQueue(rest, running, waiting, durations) {
  if (running + waiting === 0) return null;
  if (durations.length < FEWEST) return waiting === 0 ? rest : null;
  const usual = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0;
  return waiting * usual + (running === 0 ? 0 : (rest ?? usual));
}

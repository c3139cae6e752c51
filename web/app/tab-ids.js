/** Ids of tabs and of their jobs. A job's id begins with that of its tab, so that what becomes of it finds its way. */

const TAB = /^([0-9a-f]{12})-[0-9a-f-]+$/;

/** Not `randomUUID`, which only pages of a secure connection have. @param {number} bytes */
function randomHex(bytes) {
  const numbers = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(numbers, (number) => number.toString(16).padStart(2, '0')).join('');
}

export const newId = () => randomHex(6);

/** @param {string} tab */
export const jobOf = (tab) => `${tab}-${randomHex(8)}`;

/** @param {string} job @returns {string | null} the tab that queued it, null if it was no tab */
export const ownerOf = (job) => TAB.exec(job)?.[1] ?? null;

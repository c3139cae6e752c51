/** Loads what a person is likely to use first, one after the other, while the page has nothing else to do. */

/** @type {readonly (() => Promise<unknown>)[]} */
const FIRST_USES = [
  () => import('./submit.js'),
  () => import('../ui/menu.js'),
  () => import('../panels/context-menu.js'),
  () => import('../panels/search.js'),
  () => import('../panels/file-menu.js'),
  () => import('../panels/tab-menu.js'),
];

/** @returns {Promise<void>} resolves when all are loaded, or one cannot be: it is asked for again when it is wanted */
export async function loadFirstUses() {
  for (const load of FIRST_USES) {
    await idle();
    try {
      await load();
    } catch {
      return;
    }
  }
}

/** @returns {Promise<void>} */
function idle() {
  return new Promise((resolve) => {
    // Safari has no idle callback.
    if ('requestIdleCallback' in globalThis) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 200);
  });
}

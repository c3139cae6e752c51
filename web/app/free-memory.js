/** Forgetting all results and putting the models away. */

import { bytesIn } from './bytes.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { CacheFigures } from '../types/net.d.ts' */

/** A worker without a job has cleared its memory by then. */
const LOOKS = 10;
const PAUSE_MS = 100;

/** @param {CacheFigures} figures */
const isEmpty = ({ memory, disk }) => memory.entries + (disk?.entries ?? 0) === 0;

/**
 * Ask for it, and tell what has become of it.
 * @param {Application} editor
 */
export async function freeMemory({ client, locale, notify, t }) {
  const { memory, disk } = await client.cache();
  await client.free();
  for (let look = 0; look < LOOKS; look += 1) {
    if (isEmpty(await client.cache())) {
      return notify('info', t('cache.freed', { size: bytesIn(memory.bytes + (disk?.bytes ?? 0), locale.peek()) }));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  notify('info', t('cache.freed-later'));
}

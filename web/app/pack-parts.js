/** What packs can add to the page, as the editor keeps it. */

import { signal } from '../core/signal.js';
import { PackWidgets } from '../widgets/registered.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Decorate } from '../types/editor.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** @returns {Pick<Application, 'packWidgets' | 'decorations' | 'menuParts' | 'addedWidgets'>} */
export const createPackParts = () => ({
  packWidgets: new PackWidgets(),
  decorations: /** @type {Signal<readonly Decorate[]>} */ (signal([])),
  menuParts: [],
  addedWidgets: new Map(),
});

/** What scripts of packs import as `safelight`: it gives them their types. Everything else of the editor is private. */

/** @import { SetUp } from '../types/extension.d.ts' */

/**
 * What a script exports as its default: called once with the editor's interface for this pack.
 * @param {SetUp} setUp
 * @returns {SetUp}
 */
export const definePack = (setUp) => setUp;

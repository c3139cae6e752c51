/** What a user can set, by groups of the settings dialog. Texts are `setting.<id>` and `setting.<id>.<choice>`. */

/** @import { Preference } from '../types/app.d.ts' */

/** @type {readonly Preference[]} */
export const PREFERENCES = [];

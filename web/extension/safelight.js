/** What packs can import: `import { registerWidget } from 'safelight'`. Everything else of the editor is private. */

export { registerWidget } from '../widgets/registered.js';

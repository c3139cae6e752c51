/** What scripts for ComfyUI's editor import as `scripts/ui.js`. */

export const { $el, ComfyDialog } = window.comfyAPI.ui;

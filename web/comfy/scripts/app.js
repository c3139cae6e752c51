/** What scripts for ComfyUI's editor import as `scripts/app.js`. */

export const { app } = window.comfyAPI.app;

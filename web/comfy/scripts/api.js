/** What scripts for ComfyUI's editor import as `scripts/api.js`. */

export const { api } = window.comfyAPI.api;

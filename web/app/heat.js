/** Showing by colour which nodes took how long. */

import { effect } from '../core/signal.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * @param {Application} editor
 * @param {HTMLElement} canvas
 * @returns {() => void} ends it
 */
export const followHeat = (editor, canvas) =>
  effect(() => {
    canvas.classList.toggle('heat', editor.preferences.of('run.heat').get() === true);
    const camera = editor.view?.camera();
    // What is painted is painted anew when the camera is set.
    if (camera) editor.view?.setCamera(camera);
  });

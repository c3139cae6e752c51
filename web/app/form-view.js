/** Whether the workflow is shown as a form; the form is loaded when it is first wanted. */

import { effect } from '../core/signal.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export const formCommands = ({ formView, showLevel }) => [
  {
    id: 'view.form',
    keys: ['Alt+F'],
    run() {
      // The form is that of the whole document.
      if (!formView.peek()) showLevel([]);
      formView.set(!formView.peek());
    },
  },
];

/**
 * Show the form over the canvas while it is wanted.
 * @param {HTMLElement} host
 * @param {HTMLElement} canvas
 * @param {Application} editor
 */
export function followFormView(host, canvas, editor) {
  let end = () => {};
  editor.document.onChange(({ level }) => {
    if (level && editor.document.path.length > 0) editor.formView.set(false);
  });
  effect(() => {
    const wanted = editor.formView.get();
    canvas.inert = wanted;
    canvas.classList.toggle('covered', wanted);
    end();
    end = () => {};
    if (wanted) void editor.attempt(mount);
  });

  async function mount() {
    const { mountForm } = await import('../form/form-view.js');
    const unmount = await mountForm(host, editor);
    if (editor.formView.peek()) end = unmount;
    else unmount();
  }
}

// What is measured in a page, the same for every editor: one step of a movement for each frame.

/**
 * @param {number} count
 * @param {(frame: number) => void} step
 * @returns {Promise<number[]>} the times between the frames, in milliseconds
 */
export function frames(count, step) {
  return new Promise((resolve) => {
    const times = [];
    requestAnimationFrame(function tick(now) {
      times.push(now);
      if (times.length > count) return resolve(times.slice(1).map((time, index) => time - times[index]));
      step(times.length - 1);
      requestAnimationFrame(tick);
    });
  });
}

/** When the next frame has been handed to the screen: its own task ends after it was painted. */
export function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now());
      port2.postMessage(null);
    });
  });
}

/**
 * The movements. An editor has `near()` (zoom 1 at the middle of the graph), `fit()`, `pan(dx, dy)` by CSS pixels,
 * `zoom(factor)` at the middle of the view, `edit(number)`.
 */
export const PHASES = {
  async pan(editor) {
    editor.near();
    editor.pan(-960, -360);
    await settled();
    return () => frames(120, () => editor.pan(16, 6));
  },
  async zoom(editor, scale) {
    editor.near();
    await settled();
    return () => frames(120, () => editor.zoom(scale ** (1 / 120)));
  },
  async fit(editor) {
    editor.fit();
    await settled();
    return () =>
      frames(60, (frame) => editor.pan(10 * Math.cos((frame * Math.PI) / 30), 10 * Math.sin((frame * Math.PI) / 30)));
  },
};

/** Long enough for what an editor draws when its camera rests. */
async function settled() {
  await new Promise((resolve) => {
    setTimeout(resolve, 600);
  });
  await painted();
}

/** Called by the measuring program. */
export function serve(editor) {
  let go;
  globalThis.bench = {
    async prepare(phase, scale) {
      go = await PHASES[phase](editor, scale);
    },
    run: () => go(),
    settled,
    async edit(first, count) {
      for (let number = first; number < first + count; number += 1) {
        editor.edit(number);
        if (number % 4 === 3) await painted();
      }
      await settled();
    },
  };
}

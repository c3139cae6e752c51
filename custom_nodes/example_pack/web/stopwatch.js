/** Where the time goes: a panel with what each node took, a mark on slow ones, a command, a menu entry, a setting. */

import { definePack } from 'safelight';

/** @import { PackNode, Safelight } from '../../../web/types/extension.d.ts' */

const SLOW_COLOR = '#5a3a1c';

export default definePack((safelight) => {
  const { document: workflow, t } = safelight;
  const slow = safelight.registerSetting({
    ...{ id: 'example_pack.slow', title: 'example_pack.slow-setting' },
    ...{ kind: 'number', default: 0, min: 0, max: 600, step: 0.1 },
  });
  const isSlow = (/** @type {string} */ id) => {
    const least = Number(slow.get());
    return least > 0 && (workflow.run(id).seconds ?? 0) >= least;
  };

  safelight.registerDecoration(({ id }) =>
    isSlow(id) ? { badge: t('example_pack.slow'), tip: t('example_pack.slow-tip'), tone: 'warning' } : null,
  );
  slow.subscribe(() => safelight.decorationsChanged());
  safelight.on('node', () => safelight.decorationsChanged());

  safelight.registerPanel({
    id: 'example_pack.stopwatch',
    title: 'example_pack.stopwatch',
    icon: 'clock',
    mount: (element) => {
      const show = () => element.replaceChildren(timeTable(safelight));
      show();
      const ends = [safelight.on('job', show), safelight.on('change', show), safelight.on('language', show)];
      return () => ends.forEach((end) => end());
    },
  });

  safelight.registerCommand({
    id: 'example_pack.color-slow',
    title: 'example_pack.color-slow',
    keys: ['Mod+Alt+K'],
    enabled: () => workflow.nodes().some(({ id }) => isSlow(id)),
    run: () => {
      const slowNodes = workflow.nodes().filter(({ id }) => isSlow(id));
      workflow.edit((edits) => slowNodes.forEach(({ id }) => edits.setColor(id, SLOW_COLOR)));
      safelight.notify('info', t('example_pack.colored', { count: slowNodes.length }));
    },
  });
  safelight.registerKeys('view.example_pack.stopwatch', ['Mod+Alt+J']);

  safelight.registerMenu((target) => {
    const node = target.kind === 'node' ? workflow.node(target.id) : null;
    return node ? [{ label: t('example_pack.values'), icon: 'info', run: () => showValues(safelight, node) }] : [];
  });

});

/** @param {Safelight} safelight */
function timed({ document: workflow }) {
  return workflow
    .nodes()
    .map((node) => ({ node, seconds: workflow.run(node.id).seconds ?? 0 }))
    .filter(({ seconds }) => seconds > 0)
    .sort((a, b) => b.seconds - a.seconds);
}

/** @param {Safelight} safelight */
function timeTable(safelight) {
  const list = document.createElement('ol');
  list.style.cssText = 'margin: 8px 16px; padding-left: 20px;';
  const rows = timed(safelight);
  for (const { node, seconds } of rows) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${node.title}: ${seconds.toFixed(2)} s`;
    button.addEventListener('click', () => safelight.document.show([node.id]));
    const row = document.createElement('li');
    row.append(button);
    list.append(row);
  }
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0).toFixed(1);
  const summary = document.createElement('p');
  summary.style.margin = '8px 16px';
  summary.textContent = safelight.t(rows.length > 0 ? 'example_pack.total' : 'example_pack.nothing', { seconds });
  const table = document.createElement('div');
  table.append(summary, list);
  return table;
}

/** @param {Safelight} safelight @param {PackNode} node */
function showValues(safelight, node) {
  safelight.openDialog({
    title: node.title,
    mount: (element) => {
      const text = document.createElement('pre');
      text.style.whiteSpace = 'pre-wrap';
      text.textContent = JSON.stringify(node.values, null, 2);
      element.append(text);
    },
  });
}

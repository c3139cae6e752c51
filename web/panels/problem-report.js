/** A problem as a text that somebody else can do something with. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** @typedef {{ place: string, message: string, advice: string, detail: string }} ReportedProblem */

/**
 * Copy a report: what is wrong, where, and with which program, machine and workflow.
 * @param {Application} editor
 * @param {ReportedProblem} problem
 */
export async function copyReport(editor, { place, message, advice, detail }) {
  const { name, notify, t } = editor;
  const parts = [
    `${place}: ${message}`,
    advice,
    detail && `\`\`\`\n${detail.trim()}\n\`\`\``,
    `Workflow: ${name.peek() || t('files.untitled')}`,
    await aboutMachine(editor),
  ];
  await navigator.clipboard.writeText(parts.filter((part) => part !== '').join('\n\n'));
  notify('info', t('problems.copied'));
}

/** @param {Application} editor */
async function aboutMachine({ client }) {
  try {
    const { system, devices } = await (await client.ask('system_stats')).json();
    const names = devices.map((/** @type {Record<string, Json>} */ device) => device['name']);
    const python = String(system.python_version).split(' ')[0];
    return [
      `Safelight ${system.safelight_version}, Python ${python}, PyTorch ${system.pytorch_version}`,
      `${system.os}, ${names.join(', ')}`,
      navigator.userAgent,
    ].join('\n');
  } catch {
    // A server that is away is a part of the report as well.
    return `${navigator.userAgent}\nThe server could not be reached.`;
  }
}

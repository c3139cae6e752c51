/** Being told that a job has ended by somebody who looks elsewhere: a notification, a sound, the title, the icon. */

import { durationText } from '../canvas/node-state.js';
import { effect } from '../core/signal.js';
import { isFailure } from './problems.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */

const ICON_SIZE = 32;
const ICON_EVERY_MS = 1000;

/** @typedef {'done' | 'failed'} Outcome */

/**
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followJobEnds(editor) {
  /** When jobs began. @type {Map<string, number>} */
  const began = new Map();
  const onFrame = (/** @type {Frame} */ frame) => {
    if (frame.type === 'execution_start') began.set(frame.data.prompt_id, performance.now());
    const outcome = outcomeOf(frame);
    if (outcome === null || !('prompt_id' in frame.data)) return;
    const start = began.get(frame.data.prompt_id);
    began.delete(frame.data.prompt_id);
    tell(editor, outcome, start === undefined ? 0 : (performance.now() - start) / 1000);
  };
  const onLook = () => {
    if (!document.hidden) editor.unseen.set(null);
  };
  editor.frames.add(onFrame);
  document.addEventListener('visibilitychange', onLook);
  const ends = [editor.preferences.of('run.notify').subscribe((wanted) => void askFor(editor, wanted === true)), followIcon(editor)];
  return () => {
    editor.frames.delete(onFrame);
    document.removeEventListener('visibilitychange', onLook);
    for (const end of ends) end();
  };
}

/** @param {Frame} frame @returns {Outcome | null} null for frames that end no job */
function outcomeOf(frame) {
  if (frame.type === 'execution_success') return 'done';
  return frame.type === 'execution_error' && isFailure(frame.data) ? 'failed' : null;
}

/** @param {Application} editor @param {Outcome} outcome @param {number} seconds that the job took */
function tell(editor, outcome, seconds) {
  const { preferences, unseen } = editor;
  if (document.hidden) unseen.set(outcome);
  if (!document.hidden && seconds < Number(preferences.of('run.notify-after').peek())) return;
  if (preferences.of('run.sound').peek() === true) playSound(outcome);
  if (preferences.of('run.notify').peek() === true) showNotification(editor, outcome, seconds);
}

/** @param {Application} editor @param {Outcome} outcome @param {number} seconds */
function showNotification({ name, notify, t }, outcome, seconds) {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return;
  const title = t(`notice.${outcome}`, { name: name.peek() || t('files.untitled') });
  try {
    // One takes the place of the other.
    const notice = new Notification(title, { body: t('notice.took', { time: durationText(seconds, t) }), tag: 'safelight-job' });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  } catch {
    // Browsers of phones only show notifications of service workers.
    notify(outcome === 'done' ? 'info' : 'warning', title);
  }
}

/** The user has just asked for notifications, or has said that there shall be none. @param {Application} editor @param {boolean} wanted */
async function askFor({ notify, preferences, t }, wanted) {
  if (!wanted) return;
  const answer = 'Notification' in globalThis ? await Notification.requestPermission() : 'denied';
  if (answer === 'granted') return;
  preferences.of('run.notify').set(false);
  notify('warning', t('notice.refused'));
}

/** Two tones, upwards for what went well. @param {Outcome} outcome */
function playSound(outcome) {
  const audio = new AudioContext();
  const tones = outcome === 'done' ? [660, 880] : [440, 330];
  for (const [index, frequency] of tones.entries()) {
    const start = audio.currentTime + index * 0.16;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.32);
    if (index === tones.length - 1) tone.onended = () => void audio.close();
  }
}

/** The tab's icon fills as the job goes on. @param {Application} editor @returns {() => void} */
function followIcon({ run }) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="icon"]'));
  if (!link) return () => undefined;
  const usual = { href: link.href, type: link.type };
  let last = -Infinity;
  return effect(() => {
    const part = run.progress.get();
    if (part === null) {
      last = -Infinity;
      if (link.href !== usual.href) Object.assign(link, usual);
    } else if (performance.now() - last > ICON_EVERY_MS) {
      last = performance.now();
      Object.assign(link, { href: drawIcon(part), type: 'image/png' });
    }
  });
}

/** @param {number} part @returns {string} a picture's address */
function drawIcon(part) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = ICON_SIZE;
  const context = canvas.getContext('2d');
  if (!context) return '';
  const style = getComputedStyle(document.documentElement);
  const middle = ICON_SIZE / 2;
  for (const [token, end, width] of /** @type {const} */ ([['--line-strong', 1, 6], ['--accent', part, 6]])) {
    context.beginPath();
    context.arc(middle, middle, middle - 4, -Math.PI / 2, (end * 2 - 0.5) * Math.PI);
    context.strokeStyle = style.getPropertyValue(token);
    context.lineWidth = width;
    context.stroke();
  }
  return canvas.toDataURL();
}

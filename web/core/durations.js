/** Times and speeds as people read them. */

/**
 * @param {number} seconds
 * @returns {string} `3:07`, `1:02:03`
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/**
 * @param {number} seconds
 * @returns {{ value: string, unit: 's' | 'clock' }} seconds below a minute, a clock's figures above
 */
export function duration(seconds) {
  if (seconds >= 59.5) return { value: clock(seconds), unit: 'clock' };
  return { value: seconds < 9.95 ? seconds.toFixed(1) : String(Math.round(seconds)), unit: 's' };
}

/**
 * @param {number} perStep seconds
 * @returns {{ value: string, unit: 'it/s' | 's/it' }} whichever is above one
 */
export function speed(perStep) {
  const value = perStep > 1 ? perStep : 1 / perStep;
  return { value: value < 9.95 ? value.toFixed(1) : String(Math.round(value)), unit: perStep > 1 ? 's/it' : 'it/s' };
}

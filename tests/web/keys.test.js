import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeyMap, normalKeys, reserved, runsWhileTyping } from '../../web/app/key-map.js';
import { combination, shownKeys } from '../../web/app/keymap.js';
import { signal } from '../../web/core/signal.js';

const command = (id, ...keys) => [id, { id, keys, run: () => undefined }];
const commands = new Map([command('edit.undo', 'Mod+Z'), command('edit.redo', 'Mod+Shift+Z', 'Mod+Y'), command('view.keys', 'Shift+?')]);
const press = (key, code, held = {}) =>
  combination({ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held }, false);

test('a command has its own keys until the user gives it others', () => {
  const changed = signal({});
  const keys = createKeyMap(commands, changed);
  assert.deepEqual([keys.of('edit.redo'), keys.commandsOf('Mod+Y')], [['Mod+Shift+Z', 'Mod+Y'], ['edit.redo']]);
  keys.set('edit.redo', ['F9', 'F9']);
  assert.deepEqual([keys.of('edit.redo'), keys.commandsOf('Mod+Y'), keys.commandsOf('F9')], [['F9'], [], ['edit.redo']]);
  assert.deepEqual([keys.isChanged('edit.redo'), keys.isChanged('edit.undo'), keys.anyChanged()], [true, false, true]);
  assert.deepEqual(changed.peek(), { 'edit.redo': ['F9'] });
  keys.set('edit.undo', []);
  assert.deepEqual(keys.commandsOf('Mod+Z'), []);
  keys.reset('edit.redo');
  assert.deepEqual(keys.of('edit.redo'), ['Mod+Shift+Z', 'Mod+Y']);
  keys.resetAll();
  assert.deepEqual([keys.of('edit.undo'), keys.anyChanged()], [['Mod+Z'], false]);
});

test('keys that are set back by hand are no change', () => {
  const changed = signal({});
  const keys = createKeyMap(commands, changed);
  keys.set('edit.undo', ['F9']);
  keys.set('edit.undo', ['Mod+Z']);
  assert.deepEqual(changed.peek(), {});
});

test('what was kept in another form is read as no change', () => {
  for (const kept of [null, [], 'Mod+Z', { 'edit.undo': 'F9' }]) {
    assert.deepEqual(createKeyMap(commands, signal(kept)).of('edit.undo'), ['Mod+Z']);
  }
});

test('a sign is the same key whether or not it needs Shift', () => {
  assert.equal(normalKeys('Shift+?'), '?');
  assert.equal(normalKeys('Mod+Shift+,'), 'Mod+,');
  assert.deepEqual(['Shift+A', 'Shift+F6', 'Shift+ArrowUp', 'Shift+ '].map(normalKeys), ['Shift+A', 'Shift+F6', 'Shift+ArrowUp', 'Shift+ ']);
  assert.equal(press('?', 'Slash', { shiftKey: true }), '?');
  assert.deepEqual(createKeyMap(commands, signal({})).commandsOf('?'), ['view.keys']);
});

test('keyboards of other scripts press the keys that lie in the same place', () => {
  assert.equal(press('я', 'KeyZ', { ctrlKey: true }), 'Mod+Z');
  assert.equal(press('？', 'Slash', { shiftKey: true }), '?');
  assert.equal(press('。', 'Period'), '.');
  assert.equal(press('q', 'KeyQ'), 'Q');
});

test('keys are shown as a person reads them', () => {
  assert.equal(shownKeys('Mod++', false), 'Ctrl++');
  assert.equal(shownKeys('Alt+ArrowUp', false), 'Alt+↑');
  assert.equal(shownKeys(' ', false), 'Space');
});

test('what the browser keeps for itself is known', () => {
  assert.deepEqual(['Mod+W', 'Mod+T', 'Mod+R', 'F5', 'Mod+1', 'Mod+G', 'Alt+C'].map(reserved), ['never', 'never', 'browser', 'browser', 'browser', null, null]);
});

test('while somebody types, keys run no more than what cannot be meant for the text', () => {
  const runs = (keys, id) => runsWhileTyping(keys, id);
  for (const keys of ['Q', '?', 'Shift+A', 'Enter', 'Escape', 'Alt+C', 'Tab']) assert.ok(!runs(keys, 'view.queue'), keys);
  for (const keys of ['Mod+A', 'Mod+C', 'Mod+V', 'Mod+Shift+Z', 'Mod+ArrowLeft', 'Mod+Backspace']) assert.ok(!runs(keys, 'view.x'), keys);
  assert.ok(!runs('Mod+D', 'edit.duplicate') && !runs('F9', 'edit.undo'));
  for (const keys of ['Mod+Enter', 'Mod+S', 'Mod+Shift+P', 'F3', 'Shift+F6']) assert.ok(runs(keys, 'view.x'), keys);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const web = new URL('../../web/', import.meta.url).pathname;
const texts = (locale) => JSON.parse(readFileSync(join(web, 'locales', `${locale}.json`), 'utf8'));
const english = texts('en');
const chinese = texts('zh-CN');
const chineseNodes = texts('nodes.zh-CN');

/** The server says these in English; they are in a file of their own, which the start does not wait for. */
const isOfNodes = (key) => /^(word\.|category\.|input\.|output\.|tip\.|node\.[A-Z]|node\.unCLIP)/.test(key);

const sources = readdirSync(web, { recursive: true })
  .filter((name) => String(name).endsWith('.js'))
  .map((name) => readFileSync(join(web, String(name)), 'utf8'));

test('both languages have the same texts', () => {
  assert.deepEqual(Object.keys(chinese).sort(), Object.keys(english).sort());
});

test('texts of nodes are in their own file, and nothing else is', () => {
  assert.deepEqual(Object.keys(chineseNodes).filter((key) => !isOfNodes(key)), []);
  assert.deepEqual(Object.keys(chineseNodes).filter((key) => key in chinese), []);
});

test('a text and its translation have the same places', () => {
  const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  // A refusal is said again in English only where that is more exact.
  const plain = Object.entries(english).filter(([key]) => !key.startsWith('error.'));
  for (const [key, text] of plain) assert.deepEqual(places(chinese[key]), places(text), key);
});

test('every text that the code asks for is there', () => {
  const asked = sources.flatMap((source) => [...source.matchAll(/\bt\(\s*'([^']+)'/g)].map(([, key]) => key));
  assert.ok(asked.length > 50);
  assert.deepEqual(
    asked.filter((key) => !(key in english)),
    [],
  );
});

test('every text that is asked for by a part of its key is there', () => {
  const starts = sources.flatMap((source) => [...source.matchAll(/\bt\(`([\w.-]+)\$\{/g)].map(([, start]) => start));
  assert.ok(starts.includes('command.'));
  for (const start of starts)
    assert.ok(
      [...Object.keys(chinese), ...Object.keys(chineseNodes)].some((key) => key.startsWith(start)),
      start,
    );
});

test('every command, edit and reason has a text', () => {
  const quoted = (pattern) => sources.flatMap((source) => [...source.matchAll(pattern)].map(([, key]) => key));
  const commands = quoted(/\{\s*id: '([\w.-]+)',\s*keys/g).map((id) => `command.${id}`);
  const labels = quoted(/'((?:edit|link\.refused|format|files)\.[a-z-]+)'/g);
  assert.ok(commands.length > 20);
  assert.deepEqual(
    commands.filter((key) => !(key in english)),
    [],
  );
  const groups = commands.map((key) => `keys.group.${key.split('.')[1]}`).filter((key) => key !== 'keys.group.undefined');
  assert.deepEqual(
    groups.filter((key) => !(key in english)),
    [],
  );
  assert.deepEqual(
    labels.filter((key) => !(key in english) && !(`command.${key}` in english) && !(`setting.${key}` in english)),
    [],
  );
});

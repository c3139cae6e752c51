// Measures the editor's sources with TypeScript's parser and prints what breaks the rules, a line each:
// files above 400 lines, functions above 60, the type `any`, and comments that silence the type checker.
// Run from the root of the project: node tools/check_web.mjs FOLDER…
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const FILE_LINES = 400;
const FUNCTION_LINES = 60;
const SILENCERS = /@ts-(ignore|nocheck|expect-error)/;

/** @param {string} folder */
function sources(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.m?[jt]s$/.test(name))
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .sort();
}

/** @param {ts.SourceFile} source @param {number} position */
const lineAt = (source, position) => source.getLineAndCharacterOfPosition(position).line + 1;

/** @param {ts.SourceFile} source @param {ts.Node} node */
function complaintAbout(source, node) {
  const first = lineAt(source, node.getStart(source));
  if (node.kind === ts.SyntaxKind.AnyKeyword) return [`${source.fileName}:${first}: the type 'any'`];
  const lines = lineAt(source, node.getEnd()) - first + 1;
  if (!ts.isFunctionLike(node) || lines <= FUNCTION_LINES) return [];
  const name = node.name?.getText(source) ?? "a function";
  return [`${source.fileName}:${first}: ${name} has ${lines} lines`];
}

/** @param {ts.SourceFile} source @param {ts.Node} node @returns {string[]} */
function complaintsWithin(source, node) {
  const found = complaintAbout(source, node);
  for (const documentation of ts.getJSDocCommentsAndTags(node)) {
    if (documentation.parent === node) found.push(...complaintsWithin(source, documentation));
  }
  ts.forEachChild(node, (child) => void found.push(...complaintsWithin(source, child)));
  return found;
}

/** @param {string} path */
function complaints(path) {
  const text = readFileSync(path, "utf8");
  const found = text.split("\n").flatMap((line, index) =>
    SILENCERS.test(line) ? [`${path}:${index + 1}: silences the type checker`] : [],
  );
  const lines = text.trimEnd().split("\n").length;
  if (lines > FILE_LINES) found.push(`${path}: ${lines} lines`);
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return [...found, ...complaintsWithin(source, source)];
}

const found = process.argv.slice(2).flatMap(sources).flatMap(complaints);
for (const line of found) console.log(line);
process.exitCode = found.length > 0 ? 1 : 0;

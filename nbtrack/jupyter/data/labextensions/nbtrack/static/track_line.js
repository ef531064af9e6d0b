// The line of one of our magics, cut into what has a colour of its own. It reads as Python does
// (nbtrack/cells/words.py), but never says no: what is half typed has its colours, too.

import { COMMANDS, OPTIONS } from "./magic_options.js";

/** @typedef {"magic" | "command" | "option" | "unknown" | "key" | "value" | "name"} Kind
 *  @typedef {{ kind: Kind, from: number, to: number }} Part
 *  @typedef {Record<string, string | undefined>} Groups */

// No two alternatives begin alike, so that none of them takes long over any line.
const QUOTED = String.raw`(?:"(?:\\"|[^"\\]|\\(?!"))*"|'(?:\\'|[^'\\]|\\(?!'))*')`;
const KEY = String.raw`(?:${QUOTED}|(?:\{[^}]*\}|\{(?![^}]*\})|[^\s={])+)=`;
const VALUE = String.raw`(?:${QUOTED}(?!\S)|(?:\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|\S)+)`;
const PIECE = new RegExp(
  String.raw`(?<option>--?[\p{L}_][^\s=]*)(?<joined>=${VALUE}?)?` +
    String.raw`|(?<key>${KEY})(?<value>${VALUE})?|(?<word>${QUOTED}(?!\S)|\S+)`,
  "gu",
);
// Blank lines and comments may stand above.
const MAGIC = /^(?:[^\S\n]*(?:#.*)?\n)*[^\S\n]*(?<magic>%%?\w+)(?!\S)/;

/** None of a text that begins with no magic of ours.
 *  @param {string} text up to the end of its first line of code @returns {Part[]} */
export function partsOf(text) {
  const found = MAGIC.exec(text);
  const magic = found?.groups?.magic ?? "";
  if (!found || !Object.hasOwn(OPTIONS, magic)) return [];
  const at = found[0].length;
  const line = new Line(magic);
  const pieces = text.slice(at).replaceAll("\\\n", "  ").matchAll(PIECE);
  const parts = [...pieces].flatMap((piece) => line.partsOf(piece, at + piece.index));
  return [{ kind: "magic", from: at - magic.length, to: at }, ...parts];
}

/** What was read of a line says what comes next. */
class Line {
  /** @param {string} magic */
  constructor(magic) {
    this.magic = magic;
    this.options = OPTIONS[magic];
    this.isFirst = true;
    this.isPlain = false; // behind a command, and behind `--`, nothing is an option
    this.left = 0; // words that an option still takes
  }

  /** @param {RegExpExecArray} piece @param {number} from @returns {Part[]} */
  partsOf(piece, from) {
    const { option, joined, key, value, word } = /** @type {Groups} */ (piece.groups);
    const end = from + piece[0].length;
    const tail = end - (value ?? joined?.slice(1) ?? "").length;
    const kind = word ? this.kindOfWord(word) : this.kindOfHead(option, joined, key);
    this.isFirst = false;
    const head = { kind, from, to: tail };
    return tail === end ? [head] : [head, { kind: "value", from: tail, to: end }];
  }

  /** @param {string} word @returns {Kind} */
  kindOfWord(word) {
    const isCommand = this.isFirst && this.magic === "%track" && COMMANDS.includes(word);
    if (isCommand || word === "--") this.isPlain = true;
    if (isCommand) return "command";
    if (this.left-- > 0 || /^("|`|'.*'$)/s.test(word)) return "value";
    return "name";
  }

  /** @param {string | undefined} option @param {string | undefined} joined with its "="
   *  @param {string | undefined} key @returns {Kind} */
  kindOfHead(option = "", joined, key) {
    this.left = 0;
    if (key) return "key";
    if (this.isPlain) return "name";
    if (!Object.hasOwn(this.options, option)) return this.isOption(option) ? "unknown" : "name";
    this.left = joined ? 0 : this.options[option];
    return "option";
  }

  /** Of other lines names and filters may begin with one "-".
   *  @param {string} option */
  isOption(option) {
    const hasOptions = Object.keys(this.options).length > 0;
    return hasOptions && (this.magic.endsWith("track") || option.startsWith("--"));
  }
}

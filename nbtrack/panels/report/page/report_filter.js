// Which runs of a report a typed filter means, where no Python answers: words, comparisons, `and`,
// `or`, `not`, parentheses, as `lookup/typed_filter` reads them. What else that reads is refused
// here: a test holds both against each other, and what one shows the other does, or nothing.

/** @import { Column, ReportRuns } from "./report_types.d.ts" */

/** @typedef {"text" | "name" | "operator" | "mark" | "number" | "word" | "end"} Kind */
/** @typedef {{ kind: Kind, raw: string, start: number }} Token */
/** Of a run, by its place in the report.
 *  @typedef {(place: number) => boolean} Test */

const LONGEST = 2000; // characters
const IN_WORD = "[^\\s'\"`(),<>=!]";
const NUMBER = "[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?";
const NOT_FINITE = "[+-]?(?:inf(?:inity)?|nan)";
const TOKEN = new RegExp(
  [
    `\\s*(?:(?<text>'(?:''|\\\\'|[^'])*'|"(?:""|\\\\"|[^"])*")`,
    "(?<name>`(?:``|[^`])*`)",
    "(?<operator><=|>=|!=|<>|==|=|<|>)",
    "(?<mark>[(),])",
    `(?<number>(?:${NUMBER}|${NOT_FINITE})(?!${IN_WORD}))`,
    `(?<word>${IN_WORD}+))`,
  ].join("|"),
  "iy",
);
const KEYWORDS = ["and", "or", "not", "in", "like", "ilike", "is", "null"];
const UNIT = /^(?:ms|[smhdw]|secs?|mins?|(?:second|minute|hour|day|week)s?)s?$/i;
/** @type {Record<string, string>} */
const PREFIXES = { metric: "metrics", metrics: "metrics", tag: "tags", tags: "tags" };
for (const each of ["param", "params", "parameter", "parameters"]) PREFIXES[each] = "params";
for (const each of ["attribute", "attributes", "attr", "run", "dataset", "datasets"])
  PREFIXES[each] = "elsewhere";
/** @type {Record<string, string>} */
const HEADERS = { name: "names", run_name: "names", status: "statuses", duration: "seconds" };
Object.assign(HEADERS, { user: "users", user_id: "users", id: "ids", run_id: "ids" });
for (const each of ["started", "start_time", "created", "ended", "end_time", "experiment"])
  HEADERS[each] = "elsewhere";
for (const each of ["experiment_id", "lifecycle_stage", "artifact_uri", "any_text"])
  HEADERS[each] = "elsewhere";

/** A test of each run. Throws an Error with words for what is not understood.
 *  @param {string} text @param {ReportRuns} runs @returns {Test} */
export function filterOf(text, runs) {
  if (text.trim() === "") return () => true;
  return new Parser(text, runs).whole();
}

/** Below, what is typed is a sentence that nobody understands here.
 *  @param {string} problem @returns {Error} */
function refusal(problem) {
  return new Error(`${problem} Here a filter has words, and comparisons such as loss < 0.5.`);
}

/** @param {string} text @returns {Token[]} */
function tokensOf(text) {
  if (text.length > LONGEST) throw refusal("This filter is too long.");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python takes some of them for spaces
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufeff]|\p{Cs}/u.test(text))
    throw refusal("This character is none that somebody types.");
  const end = text.trimEnd().length;
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) throw refusal("A quote is not closed, or a character stands alone.");
    const [kind, raw] = /** @type {[Kind, string]} */ (
      Object.entries(match.groups ?? {}).find(([, each]) => each !== undefined)
    );
    found.push({ kind, raw, start: TOKEN.lastIndex - raw.length });
  }
  return [...found, { kind: "end", raw: "", start: end }];
}

/** What stands between quotes.
 *  @param {Token} token */
function contentOf({ raw }) {
  const quote = raw[0];
  const inside = raw.slice(1, -1).replaceAll(quote + quote, quote);
  return quote === "`" ? inside : inside.replaceAll(`\\${quote}`, quote);
}

/** Letter by letter, as the database does.
 *  @param {string} text */
function lowered(text) {
  const letters = [...text].map((letter) => letter.toLowerCase().codePointAt(0) ?? 0);
  return letters.map((each) => String.fromCodePoint(each)).join("");
}

/** Of columns that were looked into: they are looked into again with each letter that is typed.
 *  @type {WeakMap<Column<string>, Column<string>>} */
const inSmall = new WeakMap();

/** @param {Column<string>} column */
function loweredColumn(column) {
  const known = inSmall.get(column) ?? column.map((text) => text && lowered(text));
  inSmall.set(column, known);
  return known;
}

class Parser {
  /** @param {string} text @param {ReportRuns} runs */
  constructor(text, runs) {
    this.tokens = tokensOf(text);
    this.at = 0;
    this.runs = runs;
    this.kinds = { metrics: runs.metrics, params: runs.params, tags: runs.tags };
  }

  whole() {
    const test = this.anyOf();
    if (this.next.kind !== "end") throw refusal(`Nobody expects ${this.next.raw} there.`);
    return test;
  }

  get next() {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)];
  }

  /** @param {Token} token */
  keyword(token) {
    return token.kind === "word" ? token.raw.toLowerCase() : "";
  }

  /** @param {string} word */
  took(word) {
    const { next } = this;
    const found = next.kind === "mark" ? next.raw : this.keyword(next);
    if (found === word) this.at += 1;
    return found === word;
  }

  /** @returns {Test} */
  anyOf() {
    const tests = [this.allOf()];
    while (this.took("or")) tests.push(this.allOf());
    return (place) => tests.some((test) => test(place));
  }

  /** @returns {Test} */
  allOf() {
    const tests = [this.negation()];
    while (this.took("and") || this.beginsATerm()) tests.push(this.negation());
    return (place) => tests.every((test) => test(place));
  }

  beginsATerm() {
    const { next } = this;
    if (next.kind === "mark") return next.raw === "(";
    return !["operator", "end"].includes(next.kind) && this.keyword(next) !== "or";
  }

  /** @returns {Test} */
  negation() {
    let isNegated = false;
    while (this.took("not")) isNegated = !isNegated;
    const test = this.took("(") ? this.group() : this.term();
    return isNegated ? (place) => !test(place) : test;
  }

  group() {
    const test = this.anyOf();
    if (!this.took(")")) throw refusal("A parenthesis is not closed.");
    return test;
  }

  /** @returns {Test} */
  term() {
    const { next } = this;
    const isOdd = ["mark", "operator", "end"].includes(next.kind);
    if (isOdd || ["and", "or"].includes(this.keyword(next)))
      throw refusal("Something is missing there.");
    const key = this.key();
    return key ? this.compared(key) : this.words();
  }

  /** @returns {Test} */
  words() {
    const token = this.next;
    this.at += 1;
    const looked = lowered(token.kind === "text" ? contentOf(token) : token.raw);
    const { names, params, tags } = this.runs;
    const columns = [names, ...params.values(), ...tags.values()].map(loweredColumn);
    return (place) => columns.some((column) => column[place]?.includes(looked) ?? false);
  }

  // --- keys

  /** Null, and nothing is read, where no operator follows: then it is a word.
   *  @returns {{ prefix: string, name: string } | null} */
  key() {
    const { at, next: token } = this;
    if (token.kind === "number" || KEYWORDS.includes(this.keyword(token))) {
      if (this.tokens[at + 1].kind === "operator") throw refusal(`${token.raw} is no key.`);
      return null;
    }
    this.at += 1;
    const [prefix, name] = this.split(token);
    const isMeant = token.kind === "name" || isPrefix(prefix) || this.operatorFollows();
    if (isMeant && !name) throw refusal("A name is missing.");
    if (!isMeant) this.at = at;
    return isMeant ? { prefix, name } : null;
  }

  /** @param {Token} token @returns {[string, string]} */
  split(token) {
    const isGlued = this.next.start === token.start + token.raw.length;
    if (token.kind !== "word") {
      if (isGlued && this.next.raw.startsWith(".")) throw refusal("A key begins with a quote.");
      return ["", contentOf(token)];
    }
    const dot = token.raw.indexOf(".");
    if (dot < 0) return ["", token.raw];
    const prefix = token.raw.slice(0, dot).toLowerCase();
    if (dot < token.raw.length - 1)
      return isPrefix(prefix) ? [prefix, token.raw.slice(dot + 1)] : ["", token.raw];
    if (!isGlued || !["name", "text"].includes(this.next.kind))
      return isPrefix(prefix) || this.next.kind === "operator" ? [prefix, ""] : ["", token.raw];
    this.at += 1;
    const name = contentOf(this.tokens[this.at - 1]);
    return isPrefix(prefix) ? [prefix, name] : ["", token.raw + name];
  }

  operatorFollows() {
    const [token = this.next, after] = this.tokens.slice(this.at, this.at + 2);
    const following = after?.raw.toLowerCase();
    const word = this.keyword(token);
    if (word === "is") return ["null", "not"].includes(following);
    if (word === "in") return following === "(";
    if (word === "not") return ["in", "like", "ilike"].includes(following);
    return token.kind === "operator" || ["like", "ilike"].includes(word);
  }

  // --- comparisons

  /** @param {{ prefix: string, name: string }} key @returns {Test} */
  compared({ prefix, name }) {
    const operator = this.next.raw.replace("==", "=").replace("<>", "!=");
    if (this.next.kind !== "operator") throw refusal(`${name} takes =, !=, <, <=, > or >=.`);
    this.at += 1;
    if (prefix) return this.ofKind(PREFIXES[prefix], name, operator);
    const header = headerOf(name);
    if (header) return this.ofHeader(header, name, operator);
    const kinds = Object.entries(this.kinds).filter(([, columns]) => columns.has(name));
    const isBoth = kinds.length > 1 && kinds[1][0] === "params";
    if (isBoth) throw refusal(`${name} is a metric and a param: write metrics. or params. first.`);
    if (kinds.length === 0) throw refusal(`No run has ${name}.`);
    return this.ofKind(kinds[0][0], name, operator);
  }

  /** @param {string} kind @param {string} name @param {string} operator @returns {Test} */
  ofKind(kind, name, operator) {
    if (kind === "metrics") return numbers(this.runs.metrics.get(name), operator, this.number());
    if (kind !== "params" && kind !== "tags") throw refusal(`${name} is not in this page.`);
    if (kind === "tags" && /^(?:mlflow|nbtrack)\./.test(name))
      throw refusal(`The tag ${name} is not in this page.`);
    const column = this.kinds[kind].get(name);
    if (this.next.kind === "number") return loose(column, operator, this.number());
    return texts(column, operator, this.text());
  }

  /** @param {string} header @param {string} name @param {string} operator @returns {Test} */
  ofHeader(header, name, operator) {
    const { ids, names, statuses, users, seconds } = this.runs;
    if (header === "seconds") return numbers(seconds, operator, this.number());
    if (header === "statuses") return texts(statuses, operator, this.text().toUpperCase());
    const column = new Map(Object.entries({ ids, names, users })).get(header);
    if (column === undefined) throw refusal(`${name} is not in this page.`);
    return texts(column, operator, this.text());
  }

  number() {
    const { raw, kind } = this.next;
    this.at += 1;
    const isSpan = this.next.kind === "word" && UNIT.test(this.next.raw);
    const value = Number(raw);
    if (kind !== "number" || isSpan || Number.isNaN(value)) throw refusal(`${raw} is no number.`);
    return value;
  }

  text() {
    const token = this.next;
    this.at += 1;
    if (token.kind === "text") return contentOf(token);
    if (token.kind !== "word" && token.kind !== "number") throw refusal("A value is missing.");
    return token.raw;
  }
}

/** @param {string} typed */
function isPrefix(typed) {
  return Object.hasOwn(PREFIXES, typed);
}

/** @param {string} name */
function headerOf(name) {
  const known = name.toLowerCase().replaceAll(" ", "_");
  return Object.hasOwn(HEADERS, known) ? HEADERS[known] : "";
}

/** NaN is neither large nor small, and differs from every number.
 *  @param {Column<number> | undefined} column @param {string} operator @param {number} wanted
 *  @returns {Test} */
function numbers(column, operator, wanted) {
  const holds = COMPARED[operator];
  return (place) => {
    const value = column?.[place] ?? null;
    return value !== null && holds(value, wanted);
  };
}

/** Text that is no number differs from every number.
 *  @param {Column<string> | undefined} column @param {string} operator @param {number} wanted
 *  @returns {Test} */
function loose(column, operator, wanted) {
  const holds = COMPARED[operator];
  return (place) => {
    const text = column?.[place] ?? null;
    if (text === null) return false;
    const value = numberIn(text);
    return value === null ? operator === "!=" : holds(value, wanted);
  };
}

/** @param {Column<string> | undefined} column @param {string} operator @param {string} wanted
 *  @returns {Test} */
function texts(column, operator, wanted) {
  if (operator !== "=" && operator !== "!=") throw refusal(`${operator} takes a number.`);
  return (place) => {
    const text = column?.[place] ?? null;
    return text !== null && (text === wanted) === (operator === "=");
  };
}

/** @type {Record<string, (a: number, b: number) => boolean>} */
const COMPARED = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const WHOLE_NUMBER = new RegExp(`^${NUMBER}$`, "i");

/** What the database takes for one.
 *  @param {string} text @returns {number | null} */
export function numberIn(text) {
  const bare = text.trim();
  if (WHOLE_NUMBER.test(bare)) return Number(bare);
  if (/^[+-]?inf(?:inity)?$/i.test(bare)) return bare.startsWith("-") ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(bare) ? Number.NaN : null;
}

// The query box: a filter with completion of keys. What is wrong with it stands under it.

import { afterPause, h, redraw } from "../../shared/page/dom.js";

const RUN_KEYS = ["status", "start_time", "end_time", "duration", "run_name", "user_id", "run_id"];
export const TYPING_PAUSE = 350; // milliseconds
export const ERROR_PAUSE = 1200; // half a filter is no mistake yet
const MOST_OFFERS = 9;

export function queryBox(state) {
  const id = `nbt-query-${state.host.view}`;
  const input = h("input", {
    class: "nbt-field nbt-query",
    type: "text",
    role: "combobox",
    "aria-label": "Filter runs",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": `${id}-offers`,
    "aria-describedby": `${id}-error`,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "filter: metrics.f1 > 0.8",
    value: state.asked.filter,
    "data-key": "query",
    oninput: onInput,
    onkeydown: onKey,
    onblur: () => setTimeout(() => offer([]), 150),
  });
  const offers = h("div", {
    class: "nbt-popup-list nbt-offers",
    id: `${id}-offers`,
    role: "listbox",
    hidden: true,
  });
  const error = h("div", { class: "nbt-error", id: `${id}-error`, role: "alert" });
  let chosen = -1;
  let words = [];
  let wrong = "";

  const showError = () => {
    error.textContent = wrong;
    input.setAttribute("aria-invalid", String(wrong !== ""));
  };
  const showErrorLater = afterPause(ERROR_PAUSE, showError);
  const applyLater = afterPause(TYPING_PAUSE, apply);
  state.on("wrong", (found) => {
    wrong = found.filter;
    if (wrong && document.activeElement === input && error.textContent === "") showErrorLater();
    else showError();
  });

  function apply() {
    if (input.value.trim() !== state.asked.filter)
      state.show({ filter: input.value.trim(), page: 0 });
  }

  function onInput() {
    applyLater();
    offer(offersFor(state.keys, input.value.slice(0, input.selectionStart)));
  }

  function onKey(event) {
    if (event.key === "ArrowDown" && words.length) choose((chosen + 1) % words.length);
    else if (event.key === "ArrowUp" && words.length)
      choose((chosen + words.length - 1) % words.length);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(words[chosen]);
    else if (event.key === "Enter") applyNow();
    else if (event.key === "Escape" && words.length) offer([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function applyNow() {
    if (isBareWord(input.value)) input.value = nameFilter(input.value);
    offer([]);
    apply();
    showError();
  }

  function offer(found) {
    words = found;
    chosen = -1;
    offers.hidden = words.length === 0;
    input.setAttribute("aria-expanded", String(!offers.hidden));
    input.removeAttribute("aria-activedescendant");
    redraw(
      offers,
      words.map((word, n) => offered(word, n)),
    );
  }

  function offered(word, n) {
    const onpointerdown = (event) => {
      event.preventDefault(); // the input keeps the focus
      take(word);
    };
    return h(
      "div",
      {
        class: "nbt-choice",
        role: "option",
        id: `${id}-${n}`,
        "aria-selected": "false",
        onpointerdown,
      },
      h("span", {}, word),
    );
  }

  function choose(n) {
    chosen = n;
    [...offers.children].forEach((el, at) => el.setAttribute("aria-selected", String(at === n)));
    offers.children[n].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${id}-${n}`);
  }

  function take(word) {
    const isWhole = word === nameFilter(input.value);
    const before = isWhole ? "" : input.value.slice(0, input.selectionStart).replace(LAST_WORD, "");
    const after = input.value.slice(input.selectionStart);
    input.value = `${before}${word} ${after.trimStart()}`;
    input.setSelectionRange(before.length + word.length + 1, before.length + word.length + 1);
    offer([]);
    applyLater();
  }

  /** Put another filter in, as a click elsewhere asks for it. */
  function set(text) {
    input.value = text;
    apply();
  }

  return { el: h("div", { class: "nbt-query-box" }, input, offers), error, set };
}

const LAST_WORD = /[\w.:/`-]*$/;

/** Keys that begin, or go on, like the word before the cursor; none inside of quotes. */
function offersFor(keys, text) {
  if ((text.match(/'/g) || []).length % 2) return [];
  const typed = text.match(LAST_WORD)[0].toLowerCase();
  if (typed === "") return [];
  const known = [
    ...keys.metrics.map(({ key }) => `metrics.${inBackticks(key)}`),
    ...keys.params.map(({ key }) => `params.${inBackticks(key)}`),
    ...keys.tags.map(({ key }) => `tags.${inBackticks(key)}`),
    ...RUN_KEYS,
  ];
  const plain = typed.replaceAll("`", "");
  const found = known.filter((key) => key.replaceAll("`", "").toLowerCase().includes(plain));
  const first = found.filter((key) => key.toLowerCase().startsWith(typed));
  const all = [...new Set([...first, ...found])].slice(0, MOST_OFFERS);
  if (all.length === 1 && all[0].toLowerCase() === typed) return [];
  return isBareWord(text) && first.length === 0 ? [...all, nameFilter(text)] : all;
}

/** What is no filter and no beginning of one: somebody looks for a name. */
function isBareWord(text) {
  return (
    /^[\w:/-]{2,}$/.test(text.trim()) &&
    !/^(metrics|params|tags)$/.test(text.trim()) &&
    !RUN_KEYS.includes(text.trim())
  );
}

function nameFilter(text) {
  return `run_name ILIKE '%${text.trim()}%'`;
}

function inBackticks(key) {
  if (/^[\w.:/-]+$/.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}

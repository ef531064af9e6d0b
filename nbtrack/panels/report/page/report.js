// A click on a header sorts; a second one turns it around. What is missing stays at the end.
const table = /** @type {HTMLTableElement} */ (document.querySelector("table"));
const heads = /** @type {HTMLTableCellElement[]} */ ([...table.querySelectorAll("thead th")]);

/** @param {HTMLTableRowElement} row @param {number} place @returns {string | number | null} */
function cellValue(row, place) {
  const cell = row.cells[place];
  const text = cell.dataset.v ?? cell.textContent ?? "";
  const number = text.trim() === "" ? Number.NaN : Number(text.replace("inf", "Infinity"));
  return text === "" ? null : Number.isNaN(number) ? text : number;
}

/** @param {string | number} a @param {string | number} b */
function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b || 0;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** @param {number} place */
function sortBy(place) {
  const before = heads[place].getAttribute("aria-sort");
  const isNumber = heads[place].className === "number";
  const isDown = before === null ? isNumber : before === "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => ({ row, value: cellValue(row, place) }));
  rows.sort((a, b) => {
    if (a.value === null || b.value === null)
      return Number(a.value === null) - Number(b.value === null);
    return isDown ? compared(b.value, a.value) : compared(a.value, b.value);
  });
  body.append(...rows.map((each) => each.row));
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[place].setAttribute("aria-sort", isDown ? "descending" : "ascending");
}

heads.forEach((head, place) => {
  head.querySelector("button")?.addEventListener("click", () => sortBy(place));
});

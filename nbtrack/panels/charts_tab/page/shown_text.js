// Text of runs as a title or a name in a chart, as charts/shown_text.py has it.

// Vega ends a text of its code at these, and draws nothing then.
const BREAKS = new Map([
  ["\n", "↵"],
  ["\r", "←"],
  ["\u2028", "↵"],
  ["\u2029", "↵"],
]);
const UNSEEN = "\u200b";

/** In one line; and not what every object has, as Vega looks texts up in objects.
 *  @param {string} text */
export function shownText(text) {
  const found = text.replace(/[\n\r\u2028\u2029]/g, (each) => BREAKS.get(each) ?? "");
  return found in Object.prototype ? found + UNSEEN : found;
}

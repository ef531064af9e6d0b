// A small curve, 48 by 14.

/** @import { Spoken } from "../../shared/page/questions.d.ts" */

/** Words such as "NaN" are gaps; "" where there are too few numbers to see anything.
 *  @param {readonly Spoken[]} values */
export function curvePoints(values) {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length < 3) return "";
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low || 1;
  const points = values.map((value, n) => {
    if (typeof value !== "number") return "";
    const x = (n / (values.length - 1)) * 46 + 1;
    return `${x.toFixed(1)},${(13 - ((value - low) / span) * 11).toFixed(1)}`;
  });
  return points.filter(Boolean).join(" ");
}

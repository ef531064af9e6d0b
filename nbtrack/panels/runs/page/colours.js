// Which run has which colour: a place in the palette.

export class Colours {
  constructor() {
    /** By run, of those that are chosen.
     *  @type {Map<string, number>} */
    this.places = new Map();
    /** Also of runs that are chosen no more.
     *  @type {Map<string, number>} */
    this.lastPlaces = new Map();
  }

  /** A run keeps its colour as long as it is chosen, and has it again if it is free.
   *  @param {readonly string[]} chosen */
  giveTo(chosen) {
    for (const id of this.places.keys()) if (!chosen.includes(id)) this.places.delete(id);
    const taken = new Set(this.places.values());
    for (const id of chosen) {
      if (this.places.has(id)) continue;
      const place = freePlace(taken, this.lastPlaces.get(id) ?? 0);
      this.places.set(id, place);
      this.lastPlaces.set(id, place);
      taken.add(place);
    }
  }
}

/** @param {Set<number>} taken @param {number} wanted */
function freePlace(taken, wanted) {
  if (!taken.has(wanted)) return wanted;
  let place = 0;
  while (taken.has(place)) place++;
  return place;
}

/** A colour in stripes: strokes and gaps in pixels, from top to bottom; none is a plain colour.
 *  @param {string} colour @param {readonly number[]} dash */
export function striped(colour, dash) {
  if (dash.length === 0) return colour;
  let at = 0;
  const stops = dash.map((length, n) => {
    const start = at;
    at += length;
    return `${n % 2 ? "transparent" : colour} ${start}px ${at}px`;
  });
  return `repeating-linear-gradient(${stops.join(", ")})`;
}

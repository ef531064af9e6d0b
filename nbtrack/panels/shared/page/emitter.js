// Parts of a page that tell each other what has changed.

/** `Events` says by name what listeners are given.
 *  @template {object} Events */
export class Emitter {
  constructor() {
    /** @type {Map<keyof Events, Array<(value: any) => unknown>>} */
    this.listeners = new Map();
  }

  /** @template {keyof Events} Name
   *  @param {Name} name
   *  @param {(value: Events[Name]) => unknown} listen */
  on(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listen]);
  }

  /** @template {keyof Events} Name
   *  @param {Events[Name] extends undefined ? [name: Name] : [name: Name, value: Events[Name]]} told */
  emit(...told) {
    const [name, value] = told;
    for (const listen of this.listeners.get(name) ?? []) listen(value);
  }
}

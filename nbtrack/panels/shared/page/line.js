// The line to a panel where no kernel carries it: a WebSocket, behind what anywidget hands to panels.

/** @import { WidgetModel } from "./panel_types.d.ts" */

/** @implements {WidgetModel} */
export class Line {
  /** @param {string} address of the panel, as its server knows it */
  constructor(address) {
    /** @type {Map<string, Array<(message: any) => void>>} */
    this.listeners = new Map();
    /** What is said before the line stands.
     *  @type {string[] | null} */
    this.early = [];
    this.socket = new WebSocket(address.replace(/^http/, "ws"));
    this.socket.onopen = () => this.begin();
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.socket.onclose = () => this.emit("away");
  }

  /** @param {string} _name of a trait: only a widget has some */
  get(_name) {
    return undefined;
  }

  /** @param {string} name @param {(message: any) => void} listen */
  on(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listen]);
  }

  /** @param {string} name @param {(message: any) => void} listen */
  off(name, listen) {
    const left = (this.listeners.get(name) ?? []).filter((each) => each !== listen);
    this.listeners.set(name, left);
  }

  /** @param {object} message */
  send(message) {
    const text = JSON.stringify(message);
    if (this.early) this.early.push(text);
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  begin() {
    for (const text of this.early ?? []) this.socket.send(text);
    this.early = null;
  }

  /** @param {{ trouble?: string }} message */
  hear(message) {
    if (message.trouble !== undefined) this.emit("trouble", message.trouble);
    else this.emit("msg:custom", message);
  }

  /** @param {string} name @param {unknown} [message] */
  emit(name, message) {
    for (const listen of this.listeners.get(name) ?? []) listen(message);
  }

  close() {
    this.socket.onclose = null;
    this.socket.close();
  }
}

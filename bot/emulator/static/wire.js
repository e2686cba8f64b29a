// The wire log: each request and webhook in one line, newest first; opened, all of it.

import { holds, pretty, summary } from "./exchange.js";
import { copy, tell } from "./notice.js";
import { linkTo, note } from "./place.js";

const KEPT = 1000; // as many as the emulator keeps

export class WireLog {
  constructor(panel, { nameOf }) {
    this.panel = panel;
    this.nameOf = nameOf;
    this.exchanges = new Map(); // by id, oldest first
    this.items = new Map(); // those drawn, by id
    this.waiting = []; // to be drawn with the next frame: a burst must not cost a drawing each
    this.list = this.find(".exchanges");
    this.find(".search").addEventListener("input", () => this.filter());
    this.find(".about").addEventListener("change", () => this.filter());
    this.list.addEventListener("keydown", (event) => this.walk(event));
    panel.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.matches("input, select")) {
        event.preventDefault();
        this.find(".search").focus();
      }
    });
  }

  find(selector) {
    return this.panel.querySelector(selector);
  }

  load(exchanges) {
    const open = [...this.items].filter(([, item]) => item.firstElementChild.open).map(([id]) => id);
    this.exchanges = new Map(exchanges.map((each) => [each.id, each]));
    this.items.clear();
    this.waiting = [];
    this.list.replaceChildren();
    for (const each of exchanges) this.draw(each);
    for (const id of open) this.unfold(id);
    this.count();
  }

  add(exchange) {
    this.exchanges.set(exchange.id, exchange);
    if (this.waiting.push(exchange) === 1) requestAnimationFrame(() => this.catchUp());
  }

  catchUp() {
    for (const each of this.waiting.splice(0)) this.draw(each);
    for (const id of this.exchanges.keys()) {
      if (this.exchanges.size <= KEPT) break;
      this.exchanges.delete(id);
      this.items.get(id)?.remove();
      this.items.delete(id);
    }
    this.count();
  }

  draw(exchange) {
    const item = document.getElementById("exchange").content.firstElementChild.cloneNode(true);
    const part = (selector) => item.querySelector(selector);
    const { kind, who, words, outcome, isBad, isToUs } = summary(exchange);
    item.id = `wire-${exchange.id}`;
    Object.assign(item.dataset, { bad: isBad, about: exchange.about });
    part(".way").textContent = isToUs ? "→" : "←";
    part(".way").title = isToUs ? "a request to Vonage" : "a webhook from Vonage";
    part(".way").setAttribute("aria-label", part(".way").title);
    part(".kind").textContent = kind;
    part(".whom").textContent = who && this.nameOf(who);
    part(".says").textContent = words;
    part(".fault").textContent = exchange.fault ?? "";
    part(".outcome").textContent = outcome;
    part("time").dateTime = exchange.at;
    part("time").textContent = new Date(exchange.at).toLocaleTimeString([], { hour12: false });
    item.firstElementChild.addEventListener("toggle", ({ target }) => {
      if (!target.open) return;
      note("wire", exchange.id);
      if (!part(".inside")) target.append(inside(exchange));
    });
    item.hidden = !this.isWanted(exchange);
    this.items.set(exchange.id, item);
    this.list.prepend(item);
  }

  // By its address, or after the page was drawn anew.
  unfold(id) {
    const item = this.items.get(id);
    if (item) item.firstElementChild.open = true;
    return item;
  }

  show(id) {
    if (!this.items.has(id)) {
      tell(`Entry ${id} is not kept any more`, { isBad: true });
      return;
    }
    if (this.items.get(id).hidden) {
      this.find(".search").value = "";
      this.find(".about").value = "";
      this.filter();
    }
    const item = this.unfold(id);
    item.scrollIntoView({ block: "start" });
    item.querySelector("summary").focus({ preventScroll: true });
  }

  isWanted(exchange) {
    const about = this.find(".about").value;
    const isAbout = about === "bad" ? summary(exchange).isBad || exchange.fault : !about || exchange.about === about;
    return isAbout && holds(exchange, this.find(".search").value.trim());
  }

  filter() {
    for (const [id, item] of this.items) item.hidden = !this.isWanted(this.exchanges.get(id));
    this.count();
  }

  count() {
    const shown = [...this.items.values()].filter((item) => !item.hidden).length;
    const all = this.items.size;
    this.find(".found").textContent = shown === all ? "" : `${shown} of ${all}`;
    this.find(".nothing").hidden = shown > 0;
    this.find(".nothing").textContent = all
      ? "Nothing like that was said."
      : "Nothing yet. Each request to the pretend Vonage, and each of its webhooks, appears here.";
  }

  // Up and down go from line to line, as in any list.
  walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step || event.target.localName !== "summary") return;
    event.preventDefault();
    let item = event.target.closest("li")[step];
    while (item?.hidden) item = item[step];
    item?.querySelector("summary").focus();
  }
}

function inside(exchange) {
  const drawn = document.getElementById("exchange-inside").content.firstElementChild.cloneNode(true);
  const part = (selector) => drawn.querySelector(selector);
  part(".request").textContent = `${exchange.method} ${exchange.url}`;
  part(".took").textContent = `${exchange.status ?? "none"}, after ${exchange.took_ms} ms`;
  part(".spoiled").textContent = exchange.fault ? `On purpose: ${exchange.fault}` : "";
  part(".parameters").replaceChildren(...rows(exchange.parameters));
  part(".headers").replaceChildren(...rows(exchange.headers));
  part(".answer").textContent = pretty(exchange.answer) || "(empty)";
  part(".curl").textContent = exchange.curl;
  part(".copy-curl").addEventListener("click", () => copy(exchange.curl, "The curl command", part(".curl")));
  part(".link-here").href = linkTo("wire", exchange.id);
  part(".copy-link").addEventListener("click", () => copy(part(".link-here").href, "The link", part(".link-here")));
  return drawn;
}

function rows(pairs) {
  return Object.entries(pairs).map(([name, value]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head);
    row.insertCell().textContent = value;
    return row;
  });
}

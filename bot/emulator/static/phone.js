// One phone: its threads and the texts in them.

import { Composer } from "./composer.js";
import { linkTo } from "./place.js";
import { ask } from "./rest.js";
import { drawText, peerOf } from "./text.js";

const NEAR = 60; // pixels from the end that still count as being there
const COLOURS = 6;
const KEPT = 1000; // texts: a page left open for a day must not grow for a day

export class Phone {
  constructor(told, { lines, count, receipts }, { first, place }) {
    this.number = told.number;
    this.first = first;
    this.lines = lines;
    this.receipts = receipts;
    this.texts = new Map(); // by id
    this.byMessage = new Map(); // the id of the text, by the message id of each of its parts
    this.drawn = new Map(); // of the open thread, by id
    this.unread = new Map(); // by thread
    this.thread = null;
    this.inSight = true;
    this.atEnd = true; // what arrives is scrolled into sight, unless somebody scrolled back to read
    this.element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.element.id = `phone-${told.number.replace(/\W/g, "")}`;
    this.element.dataset.place = place % COLOURS;
    this.tab = document.createElement("button");
    this.tab.type = "button";
    this.tab.addEventListener("click", () => this.comeIntoSight());
    this.suggestions = told.suggestions;
    this.composer = new Composer(this.find("form"), {
      count,
      suggestion: () => this.suggestion(),
      send: (text) => this.send(text),
    });
    this.rename(told);
    this.wire();
    this.open(lines[0] ?? null);
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  rename({ name, suggestions }) {
    this.name = name === this.number ? spelled(name) : name;
    this.suggestions = suggestions;
    this.find(".name").textContent = this.name;
    this.find(".name").id = `${this.element.id}-name`;
    this.element.setAttribute("aria-labelledby", `${this.element.id}-name`);
    this.find(".own").textContent = name === this.number ? "link" : spelled(this.number);
    this.find(".own").setAttribute("aria-label", `Link to ${this.name}'s thread`);
    this.find(".face").textContent = Array.from(this.name.replace("+", ""))[0].toUpperCase();
    this.find(".texts").setAttribute("aria-label", `Texts on ${this.name}'s phone`);
    this.find("textarea").setAttribute("aria-label", `Text from ${this.name}`);
    this.find(".send").setAttribute("aria-label", `Send from ${this.name}`);
    this.badge();
  }

  wire() {
    this.find(".other").addEventListener("change", (event) => {
      this.open(event.target.value.trim() || this.thread);
      event.target.value = "";
      this.composer.focus();
    });
    this.find(".more").addEventListener("change", (event) => {
      this.open(event.target.value);
      this.composer.focus();
    });
    this.element.addEventListener("focusin", () => this.read());
    const list = this.find(".texts");
    let top = 0;
    list.addEventListener("scroll", () => {
      const near = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
      // Only a person scrolls back; what merely grew or shrank must not count as that.
      this.atEnd = near || (this.atEnd && list.scrollTop >= top);
      top = list.scrollTop;
    });
    new ResizeObserver(() => this.keepAtEnd()).observe(list);
  }

  // What to send next: the first suggestion not yet sent. Only the first phone starts a conversation;
  // the others answer, so theirs wait for a text.
  suggestion() {
    const texts = [...this.texts.values()];
    if (!this.first && !texts.some((text) => text.direction === "received")) return null;
    const sent = new Set(texts.filter((text) => text.direction === "sent").map((text) => text.text));
    return this.suggestions.find((each) => !sent.has(each)) ?? null;
  }

  async send(text) {
    if (!this.thread) {
      this.find(".other").focus();
      throw new Error("say to which number first, above");
    }
    await ask("POST", `phones/${encodeURIComponent(this.number)}/send`, { to: this.thread, text });
  }

  // What was there before the page was opened: nothing of it is news.
  load(texts) {
    texts.forEach((text) => this.keep(text));
    const last = texts.at(-1);
    this.open(last ? peerOf(last) : this.thread);
  }

  show(text) {
    const peer = peerOf(text);
    const isNew = !this.texts.has(text.id);
    this.keep(text);
    if (!this.thread) this.open(peer);
    if (isNew && text.direction === "received") this.arrived(peer);
    if (isNew && text.direction === "sent") this.atEnd = true;
    if (peer === this.thread) this.draw(text);
    this.drawThreads();
    this.begin();
  }

  keep(text) {
    this.texts.set(text.id, text);
    if (this.texts.size > KEPT) this.forget(this.texts.values().next().value);
    for (const id of text.message_ids ?? []) this.byMessage.set(id, text.id);
  }

  forget(text) {
    this.texts.delete(text.id);
    this.drawn.get(text.id)?.remove();
    this.drawn.delete(text.id);
    for (const id of text.message_ids ?? []) this.byMessage.delete(id);
  }

  // The service was told something about one of the texts here.
  reported(messageId) {
    const text = this.texts.get(this.byMessage.get(messageId));
    if (text && this.drawn.has(text.id)) this.draw(text);
  }

  arrived(peer) {
    const elsewhere = peer !== this.thread || !this.inSight || document.hidden;
    if (elsewhere) this.unread.set(peer, (this.unread.get(peer) ?? 0) + 1);
    // Another thread comes to the front by itself only where nobody is writing.
    const isBusy = this.composer.draft || this.element.contains(document.activeElement);
    if (peer !== this.thread && !isBusy) this.open(peer);
    this.badge();
  }

  open(peer) {
    this.thread = peer;
    this.atEnd = true;
    this.drawn.clear();
    this.find(".texts").replaceChildren();
    [...this.texts.values()].filter((text) => peerOf(text) === peer).forEach((text) => this.draw(text));
    this.find(".own").href = linkTo("phone", this.number, ...(peer ? [peer] : []));
    this.read();
    this.drawThreads();
    this.begin();
  }

  read() {
    if (this.inSight && this.unread.delete(this.thread)) this.drawThreads();
    this.badge();
  }

  keepAtEnd() {
    if (this.atEnd) this.find(".texts").scrollTop = this.find(".texts").scrollHeight;
  }

  comeIntoSight() {
    this.element.scrollIntoView({ inline: "center", block: "nearest" });
  }

  setInSight(inSight) {
    this.inSight = inSight;
    this.tab.setAttribute("aria-current", String(inSight));
    this.read();
  }

  badge() {
    const unread = [...this.unread.values()].reduce((sum, count) => sum + count, 0);
    this.tab.textContent = this.name;
    if (!unread) return;
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = unread;
    badge.setAttribute("aria-label", `${unread} unread`);
    this.tab.append(" ", badge);
  }

  drawThreads() {
    const threads = new Set([...this.texts.values()].map(peerOf));
    if (this.thread) threads.add(this.thread);
    this.find(".lines").replaceChildren(...[...threads].map((peer) => this.threadButton(peer, threads.size)));
    // On the first screen there is one number only, and nothing to choose.
    const others = this.lines.filter((line) => !threads.has(line));
    this.find(".more").hidden = !others.length || !this.texts.size;
    this.find(".more").replaceChildren(new Option("+"), ...others.map((line) => new Option(spelled(line), line)));
    this.find(".other").hidden = this.lines.length > 0;
  }

  threadButton(peer, among) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = spelled(peer);
    button.setAttribute("aria-pressed", String(peer === this.thread));
    button.disabled = among === 1;
    button.dataset.unread = this.unread.get(peer) ?? 0;
    button.addEventListener("click", () => {
      this.open(peer);
      this.composer.focus();
    });
    return button;
  }

  draw(text) {
    const before = this.drawn.get(text.id);
    const item = drawText(before, text, this.receipts);
    this.drawn.set(text.id, item);
    if (!before) this.find(".texts").append(item);
    this.keepAtEnd();
  }

  begin() {
    this.find("textarea").placeholder = this.thread ? "Text message" : "First say to which number, above";
    this.element.dataset.begin = this.first && !this.texts.size;
    this.composer.suggest();
  }

  focus() {
    this.composer.focus();
  }
}

export function spelled(number) {
  return number
    .replace(/^\+44(7\d{3})(\d{6})$/, "+44 $1 $2")
    .replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}

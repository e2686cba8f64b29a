// The field in which a phone's next text is written: what it will cost and why, what to send next, and Enter.

import { inWords, reason } from "./segments.js";

const TALLEST = 120;

export class Composer {
  constructor(form, { count, suggestion, send }) {
    this.form = form;
    this.count = count;
    this.suggestion = suggestion; // what to send next, or null
    this.send = send;
    this.wire();
    this.measure();
  }

  find(selector) {
    return this.form.querySelector(selector);
  }

  get field() {
    return this.find("textarea");
  }

  get draft() {
    return this.field.value;
  }

  set draft(text) {
    this.field.value = text;
    this.measure();
  }

  wire() {
    this.field.addEventListener("input", () => this.measure());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.find(".suggestion").addEventListener("click", () => {
      this.dispatch(this.suggestion());
      this.field.focus();
    });
    this.find(".plain").addEventListener("click", () => {
      this.draft = this.count(this.draft).plainer;
      this.field.focus();
    });
  }

  submit() {
    const text = this.draft.trim() ? this.draft : this.suggestion();
    if (text) this.dispatch(text);
  }

  async dispatch(text) {
    const isDraft = text === this.draft;
    if (isDraft) this.draft = "";
    try {
      await this.send(text);
    } catch (error) {
      if (isDraft && !this.draft) this.draft = text;
      this.find(".trouble").textContent = `Not sent: ${error.message}`;
    }
  }

  measure() {
    const { draft, field } = this;
    const size = this.count(draft);
    field.style.height = "auto";
    if (draft) field.style.height = `${Math.min(field.scrollHeight, TALLEST)}px`;
    this.find(".size").textContent = draft ? inWords(size) : "";
    this.find(".trouble").textContent = "";
    this.explain(draft, size);
    this.suggest();
  }

  explain(draft, size) {
    const why = reason(size);
    this.find(".dear").hidden = !why;
    // Only when it changes: it is read out, and must not be at every key.
    if (this.find(".why").textContent !== why) this.find(".why").textContent = why;
    this.find(".plain").hidden = size.plainer === draft;
  }

  suggest() {
    const suggestion = this.suggestion();
    this.find(".suggestion").hidden = !suggestion || Boolean(this.draft);
    this.find(".suggested").textContent = suggestion ?? "";
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }
}

// The faults: a switch for each, for everybody or one number; a strip that says which are on; the magic numbers.

import { tell } from "./notice.js";
import { ask } from "./rest.js";

const GROUPS = { send: "When the service sends a text", receipt: "Receipts", webhook: "Texts from the phones" };

export class Faults {
  constructor(panel, strip, { nameOf, addPhone }) {
    this.panel = panel;
    this.strip = strip;
    this.nameOf = nameOf;
    this.addPhone = addPhone;
    this.active = [];
    this.switches = new Map(); // by kind
    this.find(".number").addEventListener("change", () => this.draw());
    this.find(".search").addEventListener("input", () => this.filter());
    this.find(".seed").addEventListener("change", (event) =>
      this.attempt(() => ask("PUT", "seed", { seed: event.target.valueAsNumber })),
    );
    strip.querySelector(".all-off").addEventListener("click", () => this.attempt(() => ask("DELETE", "faults")));
  }

  find(selector) {
    return this.panel.querySelector(selector);
  }

  load({ kinds, active, seed }) {
    if (!this.switches.size) this.drawSwitches(kinds);
    this.active = active;
    if (document.activeElement !== this.find(".seed")) this.find(".seed").value = seed;
    this.draw();
    this.drawStrip();
  }

  loadMagic(rows) {
    this.panel.querySelectorAll(".magic").forEach((group) => group.remove());
    for (const [about, title] of Object.entries(GROUPS)) {
      const group = clone("magic-group");
      group.querySelector("th").textContent = title;
      group.append(...rows.filter((row) => row.about === about).map((row) => this.magicRow(row)));
      this.find(".magic-numbers").append(group);
    }
    this.filter();
  }

  // Whoever has a phone on the page can be chosen.
  loadNumbers(numbers) {
    const choice = this.find(".number");
    const chosen = choice.value;
    const people = numbers.map((number) => new Option(this.nameOf(number), number));
    choice.replaceChildren(new Option("everybody", ""), ...people);
    choice.value = numbers.includes(chosen) ? chosen : "";
    this.draw();
    this.drawStrip();
  }

  get number() {
    return this.find(".number").value || null;
  }

  drawSwitches(kinds) {
    const groups = Object.entries(GROUPS).map(([about, title]) => {
      const group = clone("fault-group");
      group.querySelector("legend").textContent = title;
      group.append(...kinds.filter((kind) => kind.about === about).map((kind) => this.newSwitch(kind)));
      return group;
    });
    this.find(".switches").replaceChildren(...groups);
  }

  newSwitch({ kind, says }) {
    const row = clone("fault");
    row.querySelector(".says").textContent = says;
    row.querySelector(".kind").textContent = kind;
    row.querySelector("input").addEventListener("change", ({ target }) => this.turn(kind, target.checked));
    this.switches.set(kind, row);
    return row;
  }

  turn(kind, isOn) {
    const times = this.find(".times").valueAsNumber || null;
    const probability = (this.find(".chance").valueAsNumber || 100) / 100;
    return this.attempt(() =>
      isOn
        ? ask("POST", "faults", { kind, number: this.number, probability, times })
        : Promise.all(this.rulesOf(kind).map((rule) => ask("DELETE", `faults/${rule.id}`))),
    );
  }

  rulesOf(kind) {
    return this.active.filter((rule) => rule.kind === kind && rule.number === this.number);
  }

  draw() {
    for (const [kind, row] of this.switches) {
      const rules = this.rulesOf(kind);
      row.querySelector("input").checked = rules.length > 0;
      row.querySelector(".how").textContent = rules.map(how).filter(Boolean).join("; ");
    }
  }

  drawStrip() {
    this.strip.hidden = !this.active.length;
    const rules = this.active.map((rule) => {
      const chip = document.createElement("button");
      const whom = rule.number ? this.nameOf(rule.number) : "everybody";
      chip.type = "button";
      chip.textContent = [`${rule.kind} · ${whom}`, how(rule)].filter(Boolean).join(" · ");
      chip.setAttribute("aria-label", `Turn off ${chip.textContent}`);
      chip.addEventListener("click", () => this.attempt(() => ask("DELETE", `faults/${rule.id}`)));
      return chip;
    });
    this.strip.querySelector(".rules").replaceChildren(...rules);
  }

  filter() {
    const words = this.find(".search").value.toLowerCase().split(/\s+/);
    const isSought = (row) => words.every((word) => row.textContent.toLowerCase().includes(word));
    for (const row of this.panel.querySelectorAll(".row")) row.hidden = !isSought(row);
    const found = (group) => group.querySelector(".row:not([hidden])");
    for (const group of this.panel.querySelectorAll(".sought")) group.hidden = !found(group);
    this.find(".nothing").textContent = found(this.panel) ? "" : "No fault is called that.";
  }

  magicRow({ number, does, kind }) {
    const row = clone("magic");
    const button = row.querySelector("button");
    button.textContent = this.nameOf(number);
    button.addEventListener("click", () => this.attempt(() => this.addPhone(number)));
    row.querySelector(".does").textContent = does;
    row.querySelector(".kind").textContent = kind;
    return row;
  }

  async attempt(act) {
    try {
      await act();
    } catch (error) {
      tell(error.message, { isBad: true });
      this.draw(); // the switches as they are, not as they were wished
    }
  }
}

function clone(template) {
  return document.getElementById(template).content.firstElementChild.cloneNode(true);
}

function how({ probability, times }) {
  const chance = probability < 1 ? `${Math.round(probability * 100)} %` : "";
  const left = times === null ? "" : times === 1 ? "once" : `${times} times`;
  return [chance, left].filter(Boolean).join(", ");
}

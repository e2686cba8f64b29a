// One phone: its threads, its texts, and the field to write the next one in.

const TICKS = {
  sending: ["◷", "on its way"],
  delivered: ["✓✓", "the service has it"],
  failed: ["!", "not delivered"],
};

export class Phone {
  constructor(told, { lines, count }, { first, place }) {
    this.number = told.number;
    this.first = first;
    this.lines = lines;
    this.count = count;
    this.texts = new Map(); // by id
    this.unread = new Map(); // by thread
    this.inSight = true;
    this.atEnd = true; // what arrives is scrolled into sight, unless somebody scrolled back to read
    this.element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.element.id = `phone-${told.number.replace(/\W/g, "")}`;
    this.element.style.setProperty("--place", place);
    this.element.dataset.place = place % 6;
    this.tab = document.createElement("button");
    this.tab.type = "button";
    this.tab.addEventListener("click", () =>
      this.element.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" }),
    );
    this.rename(told);
    this.wire();
    this.open(lines[0] ?? null);
    this.measure();
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
    this.find(".own").textContent = name === this.number ? "" : spelled(this.number);
    this.find(".face").textContent = Array.from(this.name.replace("+", ""))[0].toUpperCase();
    this.find(".texts").setAttribute("aria-label", `Texts on ${this.name}'s phone`);
    this.find("textarea").setAttribute("aria-label", `Text from ${this.name}`);
    this.find(".send").setAttribute("aria-label", `Send from ${this.name}`);
    this.badge();
  }

  wire() {
    const field = this.find("textarea");
    field.addEventListener("input", () => this.measure());
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    this.find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.find(".suggestion").addEventListener("click", () => {
      this.send(this.suggestion());
      field.focus();
    });
    this.find(".other").addEventListener("change", (event) => {
      this.open(event.target.value.trim() || this.thread);
      event.target.value = "";
      field.focus();
    });
    this.find(".more").addEventListener("change", (event) => {
      this.open(event.target.value);
      field.focus();
    });
    this.element.addEventListener("focusin", () => this.read());
    const list = this.find(".texts");
    let top = 0;
    list.addEventListener("scroll", () => {
      const near = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
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

  get draft() {
    return this.find("textarea").value;
  }

  set draft(text) {
    this.find("textarea").value = text;
    this.measure();
  }

  submit() {
    const text = this.draft.trim() ? this.draft : this.suggestion();
    if (text) this.send(text);
  }

  async send(text) {
    if (!this.thread) {
      this.find(".other").focus();
      return;
    }
    const field = this.find("textarea");
    if (field.value === text) this.draft = "";
    try {
      const answer = await fetch(`phones/${encodeURIComponent(this.number)}/send`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ to: this.thread, text }),
      });
      if (!answer.ok) throw new Error((await answer.json()).error.message);
    } catch (error) {
      if (!this.draft && !this.suggestions.includes(text)) this.draft = text;
      const why = error instanceof TypeError ? "the emulator does not answer" : error.message;
      this.find(".size").textContent = `Not sent: ${why}`;
    }
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
    if (peer === this.thread) this.drawText(text);
    this.drawThreads();
    this.suggest();
  }

  keep(text) {
    this.texts.set(text.id, text);
  }

  arrived(peer) {
    const elsewhere = peer !== this.thread || !this.inSight || document.hidden;
    if (elsewhere) this.unread.set(peer, (this.unread.get(peer) ?? 0) + 1);
    // Another thread comes to the front by itself only where nobody is writing.
    if (peer !== this.thread && !this.draft && !this.element.contains(document.activeElement)) this.open(peer);
    this.badge();
  }

  open(peer) {
    this.thread = peer;
    this.atEnd = true;
    this.find(".texts").replaceChildren();
    [...this.texts.values()].filter((text) => peerOf(text) === peer).forEach((text) => this.drawText(text));
    this.read();
    this.drawThreads();
    this.suggest();
  }

  read() {
    if (this.inSight && this.unread.delete(this.thread)) this.drawThreads();
    this.badge();
  }

  keepAtEnd() {
    if (this.atEnd) this.find(".texts").scrollTop = this.find(".texts").scrollHeight;
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
      this.find("textarea").focus();
    });
    return button;
  }

  drawText(text) {
    const list = this.find(".texts");
    const drawn = [...list.children].find((each) => each.dataset.id === text.id);
    const item = drawn ?? document.getElementById("text").content.firstElementChild.cloneNode(true);
    item.dataset.id = text.id;
    item.dataset.direction = text.direction;
    item.dataset.state = text.state;
    item.querySelector(".words").textContent = text.text;
    const time = item.querySelector("time");
    time.dateTime = text.at;
    time.textContent = new Date(text.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    item.querySelector(".parts").textContent = text.segments > 1 ? `${text.segments} parts` : "";
    item.querySelector(".parts").title = `${text.encoding}, ${text.units} units`;
    drawTick(item.querySelector(".tick"), text);
    item.querySelector(".note").textContent = text.note ?? "";
    if (!drawn) list.append(item);
    this.keepAtEnd();
  }

  suggest() {
    const suggestion = this.suggestion();
    const chip = this.find(".suggestion");
    chip.hidden = !suggestion || Boolean(this.draft);
    this.find(".suggested").textContent = suggestion ?? "";
    this.find("textarea").placeholder = this.thread ? "Text message" : "First say to which number, above";
    this.element.dataset.begin = this.first && !this.texts.size;
  }

  measure() {
    const field = this.find("textarea");
    field.style.height = "auto";
    if (this.draft) field.style.height = `${Math.min(field.scrollHeight, 120)}px`;
    this.find(".size").textContent = this.draft ? inWords(this.count(this.draft)) : "";
    this.find(".size").dataset.dear = Boolean(this.draft) && this.count(this.draft).foreign.length > 0;
    this.suggest();
  }

  focus() {
    this.find("textarea").focus({ preventScroll: true });
  }
}

function peerOf(text) {
  return text.direction === "sent" ? text.to : text.from;
}

function drawTick(tick, text) {
  const [sign, meaning] = text.direction === "sent" ? TICKS[text.state] : ["", ""];
  tick.textContent = sign;
  tick.setAttribute("aria-label", meaning);
  tick.title = meaning;
  tick.hidden = !sign;
}

function inWords({ encoding, units, count, foreign, room, alone }) {
  const size = `${units}/${room} · ${count === 1 ? "1 text" : `${count} texts`} · ${encoding}`;
  if (!foreign.length) return size;
  const culprits = foreign.slice(0, 3).join(" ") + (foreign.length > 3 ? " …" : "");
  return `${size} — ${culprits} leaves room for ${alone} instead of 160`;
}

export function spelled(number) {
  return number
    .replace(/^\+44(7\d{3})(\d{6})$/, "+44 $1 $2")
    .replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}

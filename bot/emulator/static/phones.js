// The phones: drawn from what the server tells, which is all there is first and then each change.

import { counter } from "./segments.js";
import { Phone } from "./phone.js";

const NAMES = ["Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy", "Mallory", "Olivia", "Peggy", "Trent"];

const main = document.getElementById("phones");
const tabs = document.getElementById("tabs");
const link = document.getElementById("link");
const phones = new Map();
let shared = null; // what all phones need: the virtual numbers and how texts are counted

function draw(told) {
  const phone = new Phone(told, shared, { first: phones.size === 0, place: phones.size });
  phones.set(told.number, phone);
  main.append(phone.element);
  tabs.append(phone.tab);
  seen.observe(phone.element);
  return phone;
}

// On a narrow screen one phone fills it: the tab of the one in sight is marked, and its badge goes.
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const phone = [...phones.values()].find((each) => each.element === entry.target);
      phone?.setInSight(entry.isIntersecting);
    }
  },
  { root: main, threshold: 0.6 },
);

const hear = {
  everything(told) {
    const drafts = new Map([...phones].map(([number, phone]) => [number, phone.draft]));
    const isOpening = shared === null;
    shared = { lines: told.lines, count: counter(told) };
    seen.disconnect();
    phones.clear();
    main.replaceChildren();
    tabs.replaceChildren();
    told.phones.forEach(draw);
    for (const [number, phone] of phones) {
      phone.load(told.texts.filter((text) => text.phone === number));
      phone.draft = drafts.get(number) ?? "";
    }
    // Ready for Enter; but on a touch screen the keyboard would cover half of what there is to see.
    if (isOpening && matchMedia("(hover: hover)").matches) phones.values().next().value?.focus();
  },
  phone(told) {
    if (phones.has(told.number)) phones.get(told.number).rename(told);
    else draw(told);
  },
  text(told) {
    phones.get(told.phone)?.show(told);
  },
};

const events = new EventSource("events");
events.addEventListener("open", () => linkIs("live", "live"));
events.addEventListener("error", () => linkIs("lost", "the emulator is not running"));
for (const [kind, listen] of Object.entries(hear)) {
  events.addEventListener(kind, (event) => listen(JSON.parse(event.data)));
}

function linkIs(state, words) {
  link.dataset.state = state;
  link.textContent = words;
}

document.getElementById("add").addEventListener("click", async () => {
  const taken = new Set([...phones.values()].map((phone) => phone.name));
  const name = NAMES.find((each) => !taken.has(each)) ?? `Phone ${phones.size + 1}`;
  const answer = await fetch("phones", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  const told = await answer.json();
  if (!answer.ok) {
    linkIs("lost", told.error.message);
    return;
  }
  hear.phone({ suggestions: [], ...told });
  const phone = phones.get(told.number);
  phone.element.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" });
  phone.focus();
});

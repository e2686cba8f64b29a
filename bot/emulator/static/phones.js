// The page: drawn from what the server tells, which is all there is first and then each change.

import { Drawer } from "./drawer.js";
import { Faults } from "./faults.js";
import { tell } from "./notice.js";
import { Phone, spelled } from "./phone.js";
import { here } from "./place.js";
import { ask } from "./rest.js";
import { counter } from "./segments.js";
import { Settings } from "./settings.js";
import { WireLog } from "./wire.js";

const NAMES = ["Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy", "Mallory", "Olivia", "Peggy", "Trent"];

const find = (selector) => document.querySelector(selector);
const [main, tabs, link] = ["#phones", "#tabs", "#link"].map(find);
const phones = new Map(); // by number
const receipts = new Map(); // the latest told to the service, by message id
let shared = null; // what all phones need: the virtual numbers and how texts are counted

const nameOf = (number) => phones.get(number)?.name ?? spelled(number);
const drawer = new Drawer(find("#drawer"), find("#stage"), document.querySelectorAll("[data-opens]"));
const wire = new WireLog(find("[data-panel=wire]"), { nameOf });
const faults = new Faults(find("[data-panel=faults]"), find("#strip"), { nameOf, addPhone });
const settings = new Settings(find("[data-panel=settings]"), find("#reset"));

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
    const before = new Map([...phones].map(([number, { thread, composer }]) => [number, [thread, composer.draft]]));
    const isOpening = shared === null;
    shared = { lines: told.lines, count: counter(told), receipts };
    clear();
    told.wire.forEach(learn);
    told.phones.forEach(draw);
    for (const [number, phone] of phones) {
      phone.load(told.texts.filter((text) => text.phone === number));
      const [thread, draft] = before.get(number) ?? [null, ""];
      if (thread) phone.open(thread);
      phone.composer.draft = draft;
    }
    wire.load(told.wire);
    faults.load(told.faults);
    faults.loadMagic(told.magic);
    faults.loadNumbers([...phones.keys()]);
    settings.load(told.settings);
    if (isOpening) arrive();
  },
  phone(told) {
    if (phones.has(told.number)) phones.get(told.number).rename(told);
    else draw(told);
    faults.loadNumbers([...phones.keys()]);
  },
  text(told) {
    phones.get(told.phone)?.show(told);
  },
  exchange(told) {
    wire.add(told);
    learn(told);
    if (told.about === "receipt") phones.get(`+${told.parameters.msisdn}`)?.reported(told.parameters.messageId);
  },
  faults: (told) => faults.load(told),
  settings: (told) => settings.load(told),
  reset() {
    clear(); // drafts too; everything follows
    tell("Everything is as it was at the start");
  },
};

function clear() {
  seen.disconnect();
  phones.clear();
  receipts.clear();
  main.replaceChildren();
  tabs.replaceChildren();
}

function learn({ about, parameters, status }) {
  if (about !== "receipt") return;
  receipts.set(parameters.messageId, { status: parameters.status, isTaken: status >= 200 && status < 300 });
}

// Ready for Enter; but on a touch screen the keyboard would cover half of what there is to see.
function arrive() {
  if (here().what) go();
  else if (matchMedia("(hover: hover)").matches) phones.values().next().value?.focus();
}

function go() {
  const { what, rest } = here();
  if (what === "phone") goToPhone(...rest);
  else drawer.show(drawer.has(what) ? what : null);
  if (what === "wire" && rest.length) wire.show(Number(rest[0]));
}

function goToPhone(number, peer) {
  const phone = phones.get(number);
  if (!phone) {
    tell(`There is no phone ${number}`, { isBad: true });
    return;
  }
  if (peer) phone.open(peer);
  phone.comeIntoSight();
  phone.focus();
}

async function addPhone(number) {
  const taken = new Set([...phones.values()].map((phone) => phone.name));
  const name = NAMES.find((each) => !taken.has(each)) ?? `Phone ${phones.size + 1}`;
  const told = await ask("POST", "phones", number ? { number } : { name });
  hear.phone({ suggestions: [], ...told });
  goToPhone(told.number);
}

function linkIs(state, words) {
  link.dataset.state = state;
  link.textContent = words;
}

find("#add").addEventListener("click", () => addPhone().catch((error) => tell(error.message, { isBad: true })));
addEventListener("hashchange", go);

const events = new EventSource("events");
events.addEventListener("open", () => linkIs("live", "live"));
events.addEventListener("error", () => linkIs("lost", "the emulator is not running"));
for (const [kind, listen] of Object.entries(hear)) {
  events.addEventListener(kind, (event) => listen(JSON.parse(event.data)));
}

// How many texts a text is billed as, and which characters make it dearer. The alphabet, the room and the price come
// from the server, which counts the same way.

// What keyboards and word processors put in unasked, and the plain spelling of the same. Letters are not in it:
// nobody's name is respelled to save money.
const PLAIN = new Map([
  ..."‘’‚‛′`´".split("").map((each) => [each, "'"]),
  ..."“”„‟«»″".split("").map((each) => [each, '"']),
  ..."‐‑‒–—―−".split("").map((each) => [each, "-"]),
  ..."\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f".split("").map((each) => [each, " "]),
  ..."\u00ad\u200b\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff".split("").map((each) => [each, ""]),
  ["…", "..."],
  ["•", "*"],
]);
const NAMES = new Map([
  ...["‘", "’"].map((each) => [each, "curly apostrophe"]),
  ...["“", "”", "„"].map((each) => [each, "curly quote"]),
  ["–", "long dash"],
  ["—", "long dash"],
  ["…", "ellipsis"],
  ["`", "backtick"],
  ["\t", "tab"],
  ["\u00a0", "no-break space"],
  ["\u202f", "no-break space"],
  ["\u200b", "zero-width space"],
]);
const UNSEEN = /^[\p{C}\p{Z}\p{M}]+$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export function counter({ alphabet, room, price }) {
  const basic = new Set(alphabet.basic);
  const extended = new Set(alphabet.extended);
  const isGsm = (character) => basic.has(character) || extended.has(character);
  const septets = (character) => (extended.has(character) ? 2 : 1);

  function measure(text) {
    const characters = Array.from(text); // by code point, so that no surrogate pair is split
    const isPlain = characters.every(isGsm);
    const width = isPlain ? septets : (character) => character.length;
    const [alone, part] = isPlain ? room.gsm : room.ucs2;
    const units = characters.reduce((sum, character) => sum + width(character), 0);
    const count = units <= alone ? 1 : parts(characters, width, part);
    return { encoding: isPlain ? "GSM-7" : "UCS-2", units, count, room: count === 1 ? alone : count * part, alone };
  }

  // Culprits are what a person sees as one character: a family of four is one, though it is seven to a telephone.
  return function count(text) {
    const seen = [...graphemes.segment(text)].map((each) => each.segment);
    const foreign = [...new Set(seen.filter((each) => !Array.from(each).every(isGsm)))];
    const plainer = Array.from(text, (each) => (isGsm(each) ? each : (PLAIN.get(each) ?? each))).join("");
    const without = Array.from(plainer).filter(isGsm).join("");
    return { ...measure(text), foreign, plainer, without: measure(without), price: Number(price) };
  };
}

function parts(characters, width, room) {
  let count = 1;
  let used = 0;
  for (const character of characters) {
    const size = width(character);
    if (used + size > room) {
      count += 1;
      used = 0;
    }
    used += size;
  }
  return count;
}

export function inWords({ encoding, units, count, room }) {
  return `${units}/${room} · ${texts(count)} · ${encoding}`;
}

// Why a text is dearer than it looks; nothing when it is not.
export function reason({ foreign, count, alone, without, price }) {
  if (!foreign.length) return "";
  const [makes, leaves] = foreign.length === 1 ? ["makes", "leaves"] : ["make", "leave"];
  if (count === without.count) return `${listed(foreign)} ${leaves} room for ${alone} instead of ${without.alone}`;
  const cost = (texts) => `€${(texts * price).toFixed(4)}`;
  return (
    `${listed(foreign)} ${makes} this ${texts(count)} instead of ${without.count}: ` +
    `${cost(count)}, not ${cost(without.count)}`
  );
}

function texts(count) {
  return count === 1 ? "1 text" : `${count} texts`;
}

function listed(foreign) {
  const names = [...new Set(foreign.map(called))];
  const shown = names.slice(0, 3);
  const rest = names.length - shown.length;
  if (rest) shown.push(`${rest} more`);
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

function called(grapheme) {
  const name = NAMES.get(grapheme);
  if (!UNSEEN.test(grapheme)) return name ? `${name} ${grapheme}` : grapheme;
  return name ?? `U+${grapheme.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

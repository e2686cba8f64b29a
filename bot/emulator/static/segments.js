// How many texts a text is billed as. The alphabet and the room come from the server, which counts the same way.

export function counter({ alphabet, room }) {
  const basic = new Set(alphabet.basic);
  const extended = new Set(alphabet.extended);
  const isGsm = (character) => basic.has(character) || extended.has(character);
  const septets = (character) => (extended.has(character) ? 2 : 1);

  return function count(text) {
    const characters = Array.from(text); // by code point, so that no surrogate pair is split
    const foreign = [...new Set(characters.filter((character) => !isGsm(character)))];
    const width = foreign.length ? (character) => character.length : septets;
    const [alone, part] = foreign.length ? room.ucs2 : room.gsm;
    const units = characters.reduce((sum, character) => sum + width(character), 0);
    const count = units <= alone ? 1 : parts(characters, width, part);
    return {
      encoding: foreign.length ? "UCS-2" : "GSM-7",
      units,
      count,
      foreign,
      room: count === 1 ? alone : count * part,
      alone,
    };
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

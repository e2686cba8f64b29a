// A word about what was just done, for a few seconds at the lower edge; and copying, which ends with one.

const LONG_ENOUGH = 4000;
let gone;

export function tell(words, { isBad = false } = {}) {
  const notice = document.getElementById("notice");
  notice.textContent = words;
  notice.dataset.bad = isBad;
  clearTimeout(gone);
  gone = setTimeout(() => (notice.textContent = ""), LONG_ENOUGH);
}

export async function copy(words, what, shownIn) {
  try {
    await navigator.clipboard.writeText(words);
    tell(`${what} copied`);
  } catch {
    // Browsers lend the clipboard to https and to this machine only: elsewhere the words are marked, ready for a key.
    getSelection().selectAllChildren(shownIn);
    tell("Marked; copy it with your keyboard");
  }
}

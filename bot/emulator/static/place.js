// Where on the page somebody is, as its address says: `#/phone/+44…/+44…`, `#/wire/17`, `#/faults`, `#/settings`.
// In the fragment, so that no number is ever part of a request.

export function here() {
  try {
    const [what, ...rest] = location.hash.slice(2).split("/").map(decodeURIComponent);
    return { what, rest };
  } catch {
    return { what: "", rest: [] }; // not spelled as an address: nobody's link
  }
}

export function linkTo(...parts) {
  return "#/" + parts.map((part) => encodeURIComponent(part).replaceAll("%2B", "+")).join("/");
}

// For what is opened by hand: the address says it, but Back does not go through each.
export function note(...parts) {
  history.replaceState(null, "", linkTo(...parts));
}

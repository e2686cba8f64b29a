// One text on a phone: its words, when it came, how many parts it took, and what became of it.

const SENT = {
  sending: ["◷", "on its way"],
  delivered: ["✓✓", "the service has it"],
  failed: ["!", "not delivered"],
};

export function peerOf(text) {
  return text.direction === "sent" ? text.to : text.from;
}

// `receipts`: the latest told to the service, by message id; a text has one id for each of its parts.
export function drawText(drawn, text, receipts) {
  const item = drawn ?? document.getElementById("text").content.firstElementChild.cloneNode(true);
  const part = (selector) => item.querySelector(selector);
  const { sign, meaning, words, state } = became(text, receipts);
  Object.assign(item.dataset, { id: text.id, direction: text.direction, state });
  part(".words").textContent = text.text;
  part("time").dateTime = text.at;
  part("time").textContent = new Date(text.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  part(".parts").textContent = text.segments > 1 ? `${text.segments} parts` : "";
  part(".parts").title = `${text.encoding}, ${text.units} units`;
  part(".tick").hidden = !sign;
  part(".tick").textContent = sign;
  part(".tick").title = meaning;
  part(".tick").setAttribute("aria-label", meaning);
  part(".receipt").textContent = words;
  part(".note").textContent = text.note ?? "";
  return item;
}

function became(text, receipts) {
  if (text.direction === "received") return reported(text.message_ids ?? [], receipts);
  const [sign, meaning] = SENT[text.state];
  return { sign, meaning, words: "", state: text.state };
}

// The usual is a tick; what is not usual is written out.
function reported(ids, receipts) {
  if (!ids.length) return { sign: "", meaning: "", words: "", state: "" }; // the carrier's own: nobody waits for it
  const told = ids.map((id) => receipts.get(id)).filter(Boolean);
  const missing = ids.length - told.length;
  const statuses = [...new Set(told.map((each) => each.status))].join(", ");
  if (told.some((each) => !each.isTaken)) return says("!", "the service did not take the receipt", "failed");
  if (!told.length) return { ...says("✓", "no receipt yet", "reporting"), words: "" };
  if (missing) return says("✓", `receipt: ${statuses}, for ${told.length} of ${ids.length} parts`, "reporting");
  if (statuses === "delivered") return { ...says("✓✓", "receipt: delivered", "delivered"), words: "" };
  return says(statuses === "buffered" ? "✓" : "!", `receipt: ${statuses}`, statuses === "buffered" ? "reporting" : "failed");
}

function says(sign, meaning, state) {
  return { sign, meaning, words: meaning, state };
}

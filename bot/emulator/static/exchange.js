// What one request and its answer come to in a few words: who, what, and how it ended. Pure.

const KINDS = { sms: "text sent", inbound: "text", receipt: "receipt", account: "account", unknown: "unknown request" };

// { kind, who, words, outcome, isBad, isToUs }: `who` is a number, or empty.
export function summary(exchange) {
  const { parameters, about } = exchange;
  const isToUs = exchange.direction === "in";
  const kind = KINDS[about] ?? about;
  switch (about) {
    case "sms":
      return { kind, isToUs, who: plus(parameters.to), words: parameters.text ?? octets(parameters), ...sent(exchange) };
    case "inbound":
      return { kind, isToUs, who: plus(parameters.msisdn), words: inbound(parameters), ...taken(exchange) };
    case "receipt":
      return { kind, isToUs, who: plus(parameters.msisdn), words: receipt(parameters), ...taken(exchange) };
    default:
      return { kind, isToUs, who: "", words: path(exchange.url), ...taken(exchange) };
  }
}

// Found by anything that is written in it, in any case.
export function holds(exchange, sought) {
  if (!sought) return true;
  const held = [exchange.url, exchange.method, exchange.about, exchange.status, exchange.answer, exchange.fault];
  const all = [...held, ...Object.entries(exchange.parameters).flat()].join("\n").toLowerCase();
  return sought
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export function pretty(answer) {
  try {
    return JSON.stringify(JSON.parse(answer), null, 2);
  } catch {
    return answer;
  }
}

function sent(exchange) {
  if (exchange.status !== 200) return taken(exchange);
  let parts;
  try {
    parts = JSON.parse(exchange.answer).messages;
  } catch {
    return { outcome: "200, no JSON", isBad: true };
  }
  const refused = parts.filter((part) => part.status !== "0");
  if (!refused.length) return { outcome: parts.length > 1 ? `0 × ${parts.length}` : "0", isBad: false };
  const among = refused.length < parts.length ? ` (${refused.length} of ${parts.length})` : "";
  return { outcome: `status ${refused[0].status}${among}`, isBad: true };
}

function taken({ status }) {
  return { outcome: status === null ? "no answer" : String(status), isBad: status === null || status >= 300 };
}

function inbound(parameters) {
  const part = parameters.concat === "true" ? `${parameters["concat-part"]}/${parameters["concat-total"]} ` : "";
  return part + (parameters.text ?? octets(parameters));
}

function octets({ udh = "", body, data }) {
  return udh + (body ?? data ?? "");
}

function receipt(parameters) {
  const code = parameters["err-code"];
  return parameters.status + (code && code !== "0" ? `, err-code ${code}` : "");
}

function plus(digits = "") {
  return /^[1-9]\d{6,}$/.test(digits) ? `+${digits}` : digits;
}

function path(url) {
  return new URL(url, location.href).pathname;
}

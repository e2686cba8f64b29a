// How the account is set up, changed as one looks; and starting over.

import { tell } from "./notice.js";
import { ask } from "./rest.js";

export class Settings {
  constructor(form, dialog) {
    this.form = form;
    this.asking = new Set(); // fields on their way: what is told meanwhile is older than they are
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", ({ target }) => this.change(target));
    form.querySelector(".reset").addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "reset") this.attempt(() => ask("POST", "reset"));
      dialog.returnValue = "";
    });
  }

  load(told) {
    this.told = told;
    for (const field of this.fields()) {
      const isWritten = field === document.activeElement && field.type !== "checkbox";
      if (!isWritten && !this.asking.has(field.name)) fill(field, told[field.name]);
    }
    const secret = this.form.elements.signature_secret;
    secret.value = "";
    secret.placeholder = told.signed ? "kept; write to replace it" : "the signature secret";
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name && field.name !== "signature_secret");
  }

  change(field) {
    const isSigning = field.name === "signed" || field.name === "signature_secret";
    const secret = this.form.elements.signature_secret.value;
    const wanted = { [field.name]: read(field) };
    if (isSigning && secret) Object.assign(wanted, { signed: true, signature_secret: secret });
    this.asking.add(field.name);
    return this.attempt(async () => {
      try {
        this.told = await ask("PATCH", "settings", wanted);
      } finally {
        this.asking.delete(field.name);
      }
      this.load(this.told);
    });
  }

  async attempt(act) {
    try {
      await act();
    } catch (error) {
      tell(error.message, { isBad: true });
      this.load(this.told);
    }
  }
}

function fill(field, value) {
  if (field.type === "checkbox") field.checked = value;
  else field.value = Array.isArray(value) ? value.join(", ") : (value ?? "");
}

function read(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.type === "number") return field.value === "" ? null : field.valueAsNumber;
  if (field.name === "test_numbers") return field.value.split(",").filter((each) => each.trim());
  return field.value.trim() || null;
}

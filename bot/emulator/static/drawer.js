// The drawer beside the phones: closed at first, one panel of it open at a time, as the address says.

const narrow = matchMedia("(max-width: 700px)");

export class Drawer {
  constructor(element, behind, tools) {
    this.element = element;
    this.behind = behind; // what it covers on a narrow screen
    this.tools = [...tools]; // the links that open its panels
    this.opened = null;
    narrow.addEventListener("change", () => this.cover());
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.close();
    });
  }

  get panels() {
    return [...this.element.querySelectorAll("[data-panel]")];
  }

  has(name) {
    return this.panels.some((panel) => panel.dataset.panel === name);
  }

  show(name) {
    const before = this.opened;
    this.opened = name;
    this.element.hidden = !name;
    document.body.toggleAttribute("data-drawer", Boolean(name));
    for (const panel of this.panels) panel.hidden = panel.dataset.panel !== name;
    for (const tool of this.tools) this.mark(tool);
    this.cover();
    if (name && name !== before) this.panels.find((panel) => !panel.hidden).focus({ preventScroll: true });
    if (!name && before) this.tools.find((tool) => tool.dataset.opens === before && tool.checkVisibility())?.focus();
  }

  // A link that opened a panel closes it again.
  mark(tool) {
    const isOpen = tool.dataset.opens === this.opened;
    const isToggle = !this.element.contains(tool);
    tool.setAttribute("href", isOpen && isToggle ? "#/" : `#/${tool.dataset.opens}`);
    if (isOpen) tool.setAttribute("aria-current", "true");
    else tool.removeAttribute("aria-current");
  }

  cover() {
    this.behind.inert = narrow.matches && Boolean(this.opened);
  }

  close() {
    location.hash = "#/";
  }
}

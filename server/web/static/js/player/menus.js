// The player's menus: one box, filled for the button that was pressed; arrows move, Escape closes.

export class Menus {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector("[data-menu-box]");
    this.button = null;
    this.box.addEventListener("keydown", (event) => this.move(event));
    document.addEventListener("pointerdown", (event) => {
      if (this.button && !this.box.contains(event.target) && !this.button.contains(event.target)) this.close(false);
    });
  }

  get isOpen() {
    return this.button !== null;
  }

  // `items`: () => [{label, aside, chosen, choose}]
  attach(button, title, items) {
    button.addEventListener("click", () => {
      if (this.button === button) this.close();
      else this.open(button, title, items());
    });
  }

  open(button, title, items) {
    this.close(false);
    this.button = button;
    button.setAttribute("aria-expanded", "true");
    const head = document.createElement("h3");
    head.textContent = title;
    this.box.setAttribute("aria-label", title);
    this.box.replaceChildren(head, ...items.map((item) => this.entry(item)));
    this.box.hidden = false;
    (this.box.querySelector('[aria-checked="true"]') ?? this.box.querySelector("button"))?.focus();
  }

  entry({ label, aside, chosen, choose }) {
    const entry = document.createElement("button");
    entry.type = "button";
    entry.setAttribute("role", "menuitemradio");
    entry.setAttribute("aria-checked", String(chosen));
    entry.textContent = label;
    if (aside) {
      const note = document.createElement("span");
      note.className = "aside";
      note.textContent = aside;
      entry.append(note);
    }
    entry.addEventListener("click", () => {
      this.close();
      choose();
    });
    return entry;
  }

  close(refocus = true) {
    if (!this.button) return;
    this.button.setAttribute("aria-expanded", "false");
    if (refocus) this.button.focus();
    this.button = null;
    this.box.hidden = true;
  }

  move(event) {
    const entries = [...this.box.querySelectorAll("button")];
    const at = entries.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (to !== undefined) entries[(to + entries.length) % entries.length]?.focus();
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab") return this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

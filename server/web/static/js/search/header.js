// The field in the header: the best talks in a list below it while somebody types (WAI-ARIA APG: combobox with a listbox).
// Without scripts, and with Enter while nothing is chosen, it is a form that leads to the search page.

import { clockText } from "../player/moment.js";
import { Latest, cut, step } from "./latest.js";

const FEWEST = 2; // letters
const MOST = 6;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function marked(text, marks) {
  return cut(text, marks).map(([piece, isMatch]) => (isMatch ? element("mark", "", piece) : piece));
}

function where(form, hit) {
  if (hit.page !== null) return form.dataset.slide.replace("{number}", hit.page);
  return hit.at_ms === null ? "" : clockText(hit.at_ms / 1000);
}

function option(form, found, place) {
  const [hit] = found.hits;
  const line = element("li", "find-option", element("span", "find-title", ...marked(found.title, found.title_marks)));
  if (hit) {
    const at = where(form, hit);
    const words = element("span", "find-hit", ...(at ? [element("b", "figures", at), " "] : []), ...marked(hit.text, hit.marks));
    if (hit.language) words.lang = hit.language;
    line.append(words);
  }
  line.id = `find-${place}`;
  line.setAttribute("role", "option");
  line.dataset.url = hit?.url ?? found.url;
  line.dataset.talk = found.url;
  return line;
}

class Finder {
  constructor(form) {
    this.form = form;
    this.field = form.elements.q;
    this.list = element("ul", "find-list");
    this.said = element("p", "unseen");
    this.at = -1;
    Object.assign(this.list, { id: "find-list", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", form.dataset.answers);
    this.said.setAttribute("role", "status");
    form.append(this.list, this.said);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", "find-list"], ["aria-expanded", "false"]]) {
      this.field.setAttribute(name, value);
    }
    this.latest = new Latest((text, signal) => this.ask(text, signal), (answer) => this.show(answer));
    this.listen();
  }

  listen() {
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("focus", () => this.list.children.length && this.open(true));
    this.form.addEventListener("focusout", (event) => this.form.contains(event.relatedTarget) || this.open(false));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => this.go(event.target.closest("[data-url]")));
  }

  typed() {
    const text = this.field.value.trim();
    if (text.length >= FEWEST) return this.latest.type(text);
    this.latest.stop();
    this.list.replaceChildren();
    return this.open(false);
  }

  async ask(text, signal) {
    const query = new URLSearchParams({ q: text, limit: MOST });
    const answer = await fetch(`/api/v1/search?${query}`, { headers: { Accept: "application/json" }, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  show(answer) {
    const chosen = this.list.children[this.at]?.dataset.talk; // the answer to the last letter may come when one has chosen
    this.list.replaceChildren(...answer.items.map((found, place) => option(this.form, found, place)));
    this.said.textContent = answer.items.length
      ? this.form.dataset.count.replace("{count}", answer.total)
      : this.form.dataset.none;
    this.open(answer.items.length > 0 && document.activeElement === this.field);
    this.choose(chosen && !this.list.hidden ? [...this.list.children].findIndex((line) => line.dataset.talk === chosen) : -1);
  }

  open(isOpen) {
    this.list.hidden = !isOpen;
    this.field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) this.choose(-1);
  }

  choose(place) {
    this.at = place;
    [...this.list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === place)));
    const chosen = this.list.children[place];
    if (chosen) {
      this.field.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.field.removeAttribute("aria-activedescendant");
  }

  press(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault(); // the first one closes the list, the next one empties the field
      this.open(false);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.go(this.list.children[this.at]);
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && this.list.children.length) {
      event.preventDefault();
      this.open(true);
      this.choose(step(this.at, this.list.children.length, event.key));
    }
  }

  go(chosen) {
    if (chosen) location.href = chosen.dataset.url;
  }
}

const form = document.querySelector("[data-find]");
if (form) new Finder(form);

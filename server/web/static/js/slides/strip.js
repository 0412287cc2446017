// The strip of pages: one small picture a slide, its build steps folded, the present one marked and kept in sight without
// moving the document.

import { say } from "../texts.js";
import { occurrencesOf } from "./cues.js";
import { pageName } from "./paper.js";

const LEFT_ALONE_MS = 4000; // who moves the strip by hand is not pulled back at once
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Strip {
  // `choose(slide)`: a slide of the strip was clicked
  constructor(root, choose) {
    this.root = root;
    this.list = root.querySelector("ol");
    this.form = root.querySelector("template").content;
    this.choose = choose;
    this.slides = [];
    this.items = [];
    this.current = null;
    this.touchedAt = -Infinity;
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("keydown", (event) => this.pressed(event));
    for (const name of ["pointerdown", "wheel", "touchmove"]) {
      root.addEventListener(name, () => (this.touchedAt = performance.now()), { passive: true });
    }
  }

  clicked(event) {
    const link = event.target.closest("a[data-strip-link]");
    const slide = link && this.slides[this.items.indexOf(link.closest("li"))];
    if (!slide || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.touchedAt = -Infinity;
    this.choose(slide);
  }

  // One stop of the Tab key; the arrows go on from there.
  pressed(event) {
    const at = this.items.indexOf(event.target.closest("li"));
    const last = this.items.length - 1;
    const keys = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last };
    const item = at >= 0 && !event.ctrlKey && !event.metaKey && !event.altKey && this.items[keys[event.key]];
    if (!item) return;
    event.preventDefault();
    item.querySelector("a").focus();
  }

  // Slides as `slidesOf` gives them, with `name(deck)` for the heads when there are several decks. What the server has
  // drawn already is kept.
  set(slides, cues, { decks, hrefOf }) {
    this.slides = slides;
    const known = new Map([...this.list.querySelectorAll("li[data-slide]")].map((item) => [item.dataset.slide, item]));
    this.items = slides.map((slide) => this.fill(known.get(`${slide.deck}/${slide.slide}`), slide, cues, hrefOf));
    const heads = decks.length > 1 ? this.heads(decks) : new Map();
    const nodes = this.items.flatMap((item, index) => {
      const begins = index === 0 || slides[index - 1].deck !== slides[index].deck;
      const head = begins && heads.get(slides[index].deck);
      return head ? [head, item] : [item];
    });
    if (nodes.length !== this.list.children.length || nodes.some((node, at) => node !== this.list.children[at])) {
      this.list.replaceChildren(...nodes);
    }
    for (const item of this.items) item.querySelector("a").removeAttribute("aria-current");
    this.current = null;
  }

  heads(decks) {
    return new Map(
      decks.map((deck) => {
        const head = document.createElement("li");
        head.className = "strip-deck";
        head.textContent = deck.filename;
        return [deck.id, head];
      }),
    );
  }

  fill(known, slide, cues, hrefOf) {
    const item = known ?? this.form.firstElementChild.cloneNode(true);
    const [first, last] = [slide.pages[0], slide.pages.at(-1)];
    const part = (name) => item.querySelector(`[data-strip-${name}]`);
    const shown = occurrencesOf(cues, slide.deck, new Set(slide.pages.map((page) => page.number))).length > 0;
    item.dataset.slide = `${slide.deck}/${slide.slide}`;
    const [link, picture] = [part("link"), part("picture")];
    link.href = hrefOf(slide);
    if (picture.getAttribute("src") !== last.small) picture.src = last.small;
    picture.width = last.width_px;
    picture.height = last.height_px;
    part("number").textContent = first === last ? first.number : `${first.number}–${last.number}`;
    part("steps").textContent = first === last ? "" : say("steps", { count: slide.pages.length });
    const unseen = cues.length > 0 && !shown;
    item.toggleAttribute("data-unshown", unseen);
    part("note").textContent = unseen ? say("not_shown_short") : "";
    const name = pageName({ number: part("number").textContent, title: slide.title });
    const also = [part("steps").textContent, unseen ? say("not_shown") : ""].filter(Boolean);
    link.setAttribute("aria-label", [name, ...also].join(", "));
    return item;
  }

  // Marks the slide a page belongs to; `pressing`: by the viewer's own act, so that it comes into sight in any case.
  mark(page, pressing = false) {
    const at = page ? this.slides.findIndex((one) => one.deck === page.deck && one.slide === page.slide) : -1;
    const item = this.items[at] ?? null;
    if (item !== this.current) {
      this.current?.querySelector("a").removeAttribute("aria-current");
      item?.querySelector("a").setAttribute("aria-current", "true");
      this.current = item;
      for (const one of this.items) one.querySelector("a").tabIndex = one === item ? 0 : -1;
    } else if (!pressing) return;
    if (item && (pressing || performance.now() - this.touchedAt > LEFT_ALONE_MS)) this.bring(item);
  }

  bring(item) {
    const [box, view] = [item.getBoundingClientRect(), this.list.getBoundingClientRect()];
    const left = box.left - view.left - (view.width - box.width) / 2;
    const top = box.top - view.top - (view.height - box.height) / 2;
    this.list.scrollBy({ left, top, behavior: calm.matches ? "auto" : "smooth" });
  }
}

// All cues as a list: what the recording shows beside the page, one look a pair. On a phone it takes the timeline's place, and
// the form of the cue in hand opens within it.

import { say } from "../../texts.js";
import { cueMark, decksMark, make, pageName, pageOf, picture, spanText, sureText } from "./names.js";
import { kindOf } from "./needs.js";

const TILE_PX = 128;

export class CueList {
  // `choose(cue)`; the pictures come from the storyboard when the list is open and they are in sight.
  constructor(root, choose) {
    this.form = root.querySelector("[data-cue-form]");
    this.home = this.form.parentElement;
    this.narrow = matchMedia("(max-width: 48rem)");
    this.fold = root.querySelector("[data-list-fold]");
    this.list = root.querySelector("[data-list]");
    this.count = root.querySelector("[data-list-count]");
    this.cues = [];
    this.decks = [];
    this.storyboard = null;
    this.mark = "";
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest(".pair");
      if (button) choose(this.cues[Number(button.dataset.at)]);
    });
    const paint = (entries) => entries.filter((one) => one.isIntersecting).forEach(({ target }) => this.paint(target));
    this.seen = new IntersectionObserver(paint, { rootMargin: "400px" });
    this.fold.addEventListener("toggle", () => this.draw());
  }

  open(storyboard) {
    this.storyboard = storyboard;
    this.mark = "";
  }

  show({ cues, decks, chosen }) {
    this.cues = cues;
    this.decks = decks;
    this.count.textContent = String(cues.length);
    this.draw();
    for (const [at, item] of [...this.list.children].entries()) {
      const isChosen = cues[at] === chosen;
      if (isChosen) item.firstChild.setAttribute("aria-current", "true");
      else item.firstChild.removeAttribute("aria-current");
    }
    this.placeForm(this.list.children[cues.indexOf(chosen)]);
  }

  placeForm(item) {
    const place = this.narrow.matches && this.fold.open && item ? item : this.home;
    if (this.form.parentElement === place) return;
    const focused = this.form.contains(document.activeElement) ? document.activeElement : null;
    if (place === this.home) place.prepend(this.form);
    else place.append(this.form);
    focused?.focus({ preventScroll: true });
  }

  draw() {
    if (!this.fold.open) return;
    const { cues, decks } = this;
    const mark = `${decksMark(decks)}|${cues.map(cueMark).join()}`;
    if (mark === this.mark) return;
    this.mark = mark;
    const focused = [...this.list.querySelectorAll(".pair")].indexOf(document.activeElement);
    this.placeForm(null); // it must not go with its row
    this.seen.disconnect();
    this.list.replaceChildren(...cues.map((cue, at) => make("li", {}, this.row(cue, at, decks))));
    for (const canvas of this.list.querySelectorAll("canvas")) this.seen.observe(canvas);
    this.list.querySelectorAll(".pair")[focused]?.focus();
  }

  row(cue, at, decks) {
    const canvas = make("canvas", { width: TILE_PX, height: 72, attributes: { "aria-hidden": "true" } });
    canvas.moment = Math.min((cue.start_ms + cue.end_ms) / 2, cue.start_ms + 8000) / 1000;
    return make(
      "button",
      { type: "button", className: "pair", dataset: { at, kind: kindOf(cue) } },
      canvas,
      picture(cue.page === null ? null : pageOf(decks, cue.deck, cue.page)),
      make(
        "span",
        { className: "words" },
        make("strong", {}, pageName(decks, cue.deck, cue.page)),
        make("span", { className: "figures" }, spanText(cue)),
        make("span", { className: "sureness" }, cue.edited && cue.method !== "hand" ? say("and_edited", { sure: sureText(cue) }) : sureText(cue)),
      ),
    );
  }

  async paint(canvas) {
    const { storyboard } = this;
    this.seen.unobserve(canvas);
    await storyboard?.load().catch(() => {});
    const tile = storyboard?.tileAt(canvas.moment);
    const sheet = tile && (await storyboard.sheet(tile.url).catch(() => null));
    if (!sheet) return;
    canvas.height = Math.round((TILE_PX * tile.height) / tile.width);
    canvas.getContext("2d").drawImage(sheet, tile.x, tile.y, tile.width, tile.height, 0, 0, canvas.width, canvas.height);
  }
}

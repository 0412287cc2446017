// The pages: the strip to choose from, the page in hand, and the one shown beside the recording.

import { say } from "../../texts.js";
import { pagesOf } from "../../slides/cues.js";
import { decksMark, make, pageName, pageOf, picture, shortName } from "./names.js";

export class Pages {
  // `take(page)`: somebody chose a page, {deck, number}.
  constructor(root, take) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.strip = find("pages");
    this.glass = find("page-shown");
    this.caption = find("page-caption");
    this.hereButton = find("here");
    this.herePicture = find("here-picture");
    this.hereText = find("here-text");
    this.all = [];
    this.decks = [];
    this.mark = "";
    this.shown = "";
    this.strip.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) take(this.all[Number(button.dataset.at)]);
    });
  }

  setDecks(decks) {
    const mark = decksMark(decks);
    this.decks = decks;
    if (mark === this.mark) return;
    this.mark = mark;
    this.all = pagesOf(decks);
    this.strip.replaceChildren(...this.all.map((page, at) => this.button(page, at)));
  }

  button(page, at) {
    const number = shortName(this.decks, page.deck, page.number);
    const label = page.title ? say("page_titled", { page: number, title: page.title }) : say("page_is", { page: number });
    return make(
      "button",
      { type: "button", className: "page", title: page.title, dataset: { at }, attributes: { "aria-label": label, "aria-pressed": "false" } },
      picture(page),
      make("span", { className: "number" }, number),
    );
  }

  // The page that is so many places after this one, over all decks; the first when there is none.
  beside(page, step) {
    const at = this.indexOf(page);
    return this.all[Math.min(this.all.length - 1, Math.max(0, at + step))] ?? null;
  }

  indexOf(page) {
    return page ? this.all.findIndex((one) => one.deck === page.deck && one.number === page.number) : -1;
  }

  // `inHand`: the page that "from here" would set.
  showInHand(inHand, { scroll = false } = {}) {
    const at = this.indexOf(inHand);
    const button = this.strip.children[at];
    if (button !== this.pressed) this.pressed?.setAttribute("aria-pressed", "false");
    this.pressed = button;
    this.hereButton.disabled = at < 0;
    if (at < 0) return;
    button.setAttribute("aria-pressed", "true");
    if (scroll) this.bringIntoView(button);
    this.herePicture.replaceChildren(picture(this.all[at]));
    this.hereText.textContent = say("from_here", { page: shortName(this.decks, inHand.deck, inHand.number) });
  }

  bringIntoView(button) {
    const { strip } = this;
    const left = button.offsetLeft - strip.offsetLeft;
    if (left < strip.scrollLeft || left + button.offsetWidth > strip.scrollLeft + strip.clientWidth) {
      strip.scrollLeft = left - strip.clientWidth / 3;
    }
  }

  // What viewers see beside the recording at this moment.
  showNow(cue) {
    const name = pageName(this.decks, cue.deck, cue.page);
    const page = cue.page === null ? null : pageOf(this.decks, cue.deck, cue.page);
    this.caption.textContent = page?.title ? `${name}: ${page.title}` : name;
    const shown = page?.large ?? "";
    if (shown === this.shown && this.glass.childElementCount) return;
    this.shown = shown;
    this.glass.replaceChildren(page ? picture(page, "large") : make("p", { className: "quiet", textContent: say("no_slide") }));
  }
}

// The unsure stretches, those first that matter most: the one in hand with the pages it may be, and the list of the rest.

import { say } from "../../texts.js";
import { make, pageName, pageOf, picture, shortName, spanText } from "./names.js";
import { candidatesFor } from "./needs.js";

export class Unsure {
  // `act`: take(stretch), pick(page), right(), none(), next().
  constructor(root, act) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.box = find("need-box");
    this.text = find("need-text");
    this.place = find("candidates");
    this.done = find("needs-done");
    this.count = find("needs-count");
    this.list = find("needs-list");
    this.nextButton = find("need-next");
    this.candidates = [];
    find("need-right").addEventListener("click", () => act.right());
    find("need-none").addEventListener("click", () => act.none());
    this.nextButton.addEventListener("click", () => act.next());
    this.place.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) act.pick(this.candidates[Number(button.dataset.at)]);
    });
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) act.take(this.needs[Number(button.dataset.at)]);
    });
  }

  show({ needs, inHand, cues, decks, shown }) {
    this.needs = needs;
    this.count.textContent = needs.length ? say("left_to_check", { count: needs.length }) : say("all_checked");
    this.count.classList.toggle("warm", needs.length > 0);
    this.count.classList.toggle("good", needs.length === 0);
    this.done.hidden = needs.length > 0;
    this.nextButton.hidden = needs.length === 0;
    this.showInHand(inHand, cues, decks, shown);
    this.list.hidden = Boolean(inHand); // one thing at a time, and nothing below moves
    if (!inHand) this.showList(needs, cues, decks);
  }

  showInHand(inHand, cues, decks, shown) {
    this.box.hidden = !inHand;
    this.candidates = inHand ? candidatesFor(inHand, cues, decks) : [];
    if (!inHand) return;
    const now = pageName(decks, shown.deck, shown.page);
    this.text.textContent = say("need_is", { span: spanText(inHand), page: now, why: whyText(inHand.why) });
    this.place.replaceChildren(...this.candidates.map((one, at) => this.candidate(one, at, decks, shown)));
  }

  candidate({ deck, page }, at, decks, shown) {
    const isShown = deck === shown.deck && page === shown.page;
    const name = say(isShown ? "candidate_now" : "candidate", { key: at + 1, page: shortName(decks, deck, page) });
    return make(
      "button",
      { type: "button", className: "page", dataset: { at }, attributes: { "aria-label": name, "aria-pressed": String(isShown), "aria-keyshortcuts": String(at + 1) } },
      picture(pageOf(decks, deck, page)),
      make("kbd", { className: "key" }, String(at + 1)),
      make("span", { className: "number" }, shortName(decks, deck, page)),
    );
  }

  showList(needs, cues, decks) {
    const focused = this.list.contains(document.activeElement) ? [...this.list.querySelectorAll("button")].indexOf(document.activeElement) : -1;
    this.list.replaceChildren(
      ...needs.slice(0, 30).map((one, at) => {
        const button = make(
          "button",
          { type: "button", className: "need", dataset: { at } },
          make("span", { className: "figures" }, spanText(one)),
          make("span", { className: "quiet" }, pagesText(one, cues, decks)),
        );
        return make("li", {}, button);
      }),
    );
    this.list.querySelectorAll("button")[Math.min(focused, needs.length - 1)]?.focus();
  }
}

function whyText(why) {
  const text = say(`why_${why}`);
  return text === `why_${why}` ? say("why_other") : text;
}

function pagesText(one, cues, decks) {
  const names = candidatesFor(one, cues, decks).slice(0, 3).map(({ deck, page }) => shortName(decks, deck, page));
  return names.length ? say("pages_or", { pages: names.join(", ") }) : say("no_slide");
}

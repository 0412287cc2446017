// Slides beside a video: which page is shown, by the video's time or by the viewer's leafing. What it looks like is in
// paper.js, deck_bar.js and strip.js; when cues begin is in follow.js.

import { clockText, pageAddress } from "../player/moment.js";
import { say } from "../texts.js";
import { cueAt, lastPageAt, nextBorder, nextOccurrence, occurrencesOf, pagesOf, slidesOf } from "./cues.js";
import { DeckBar } from "./deck_bar.js";
import { followCues } from "./follow.js";
import { toggleFullOf } from "./full.js";
import { startSlideKeys } from "./keys.js";
import { formatSlide, linkedPage, slideLink } from "./link.js";
import { Paper } from "./paper.js";
import { Strip } from "./strip.js";

const LARGE = "semma_large"; // a cookie, so that the server draws the next page the right way at once
const INSIDE_MS = 20; // a seek to the very border of a cue could show the picture before it

export class Beside {
  // `source`: a SlidesSource; `time`: {video, now(), seek(seconds)} in seconds of the talk, or null where slides can only
  // be leafed through. Where a talk is on air, seconds are those since 1970, and `time` also has `isLive`, `text(ms)`, which
  // says a moment, and `earliest()`, the first moment (ms) that can be gone back to.
  constructor(stage, source, time = null) {
    this.stage = stage;
    this.box = stage.querySelector("[data-beside]");
    this.deck = stage.querySelector("[data-deck]");
    this.source = source;
    this.time = time;
    this.decks = [];
    this.pages = [];
    this.slides = [];
    this.cues = [];
    this.shown = null;
    this.leafed = false; // the page was chosen by hand
    this.away = false; // and is not the one of the video's time
    this.ms = 0;
    this.heard = [];
    this.paper = new Paper(this.deck, {
      leaf: (number) => this.leafTo(this.pageOf({ deck: this.shown.deck, page: number })),
      lost: () => this.renew(),
    });
    this.bar = new DeckBar(this.deck, this);
    this.strip = new Strip(stage.querySelector("[data-deck-strip]"), (slide) => this.choose(slide));
    this.bar.paintLarge(this.large);
    startSlideKeys(this);
    if (time) this.look = followCues(time.video, this.clock(time));
  }

  clock({ now }) {
    return {
      now: () => Math.round(now() * 1000),
      border: (ms) => nextBorder(this.cues, ms),
      tick: (ms) => this.tick(ms),
    };
  }

  get isHidden() {
    return this.deck.hidden;
  }

  get large() {
    return this.box.dataset.large === "slide" ? "slide" : "video";
  }

  // The page shown at the video's time; null when nobody knows.
  get current() {
    return this.pageOf(lastPageAt(this.cues, this.ms));
  }

  pageOf(place) {
    if (!place) return null;
    return this.pages.find((page) => page.deck === place.deck && page.number === place.page) ?? null;
  }

  // `hear(beside)` is called whenever there are other pages or cues.
  onChange(hear) {
    this.heard.push(hear);
  }

  // Other slides, of the next talk; nothing is shown until they are there.
  open(source) {
    this.source = source;
    this.shown = null;
    this.leafed = false;
    this.take();
  }

  // Takes what the source has got.
  take() {
    const data = this.source.data ?? { decks: [], cues: [] };
    this.decks = data.decks.filter((deck) => deck.pages?.length);
    this.pages = pagesOf(this.decks);
    this.slides = slidesOf(this.decks);
    this.cues = this.time ? data.cues : [];
    if (this.isHidden && this.pages.length) this.paper.form(this.pages[0]);
    this.stage.classList.toggle("with-slides", this.pages.length > 0);
    for (const part of [this.deck, this.strip.root]) part.hidden = this.pages.length === 0;
    if (this.pages.length) this.draw();
    for (const hear of this.heard) hear(this);
  }

  // Cues that the source was told of, of the same pages.
  retime() {
    if (!this.cues.length || !this.pages.length) return this.take();
    this.cues = this.source.data.cues;
    this.look();
    for (const hear of this.heard) hear(this);
  }

  draw() {
    // Of a talk that goes on nobody knows which pages will not be shown.
    this.strip.set(this.slides, this.time?.isLive ? [] : this.cues, { decks: this.decks, hrefOf: (slide) => this.hrefOf(slide) });
    const kept = this.shown && this.pageOf({ deck: this.shown.deck, page: this.shown.number });
    // Who leafs when times are first known, goes on leafing.
    this.away = this.leafed && this.cues.length > 0 && kept !== null && kept !== this.current;
    const page = (this.away || !this.cues.length ? kept : this.current) ?? this.pages[0];
    this.show(page);
  }

  hrefOf(slide) {
    const deck = this.decks.findIndex((one) => one.id === slide.deck) + 1;
    return `?slide=${formatSlide(deck, slide.pages[0].number)}`;
  }

  // Following

  tick(ms) {
    this.ms = ms;
    if (!this.pages.length) return;
    const { current } = this;
    if (!this.away && current && current !== this.shown) this.show(current);
    else this.paint();
  }

  // Shows a page; `byHand`: the viewer leafed there.
  show(page, byHand = false) {
    this.shown = page;
    this.paper.show(page);
    this.strip.mark(page, byHand);
    const deck = this.decks.find((one) => one.id === page.deck);
    this.bar.paintPage(page, deck.pages.length, page.index === 0, page.index === this.pages.length - 1);
    if (byHand) this.bar.announce(say("slide_of", { page: page.number, pages: deck.pages.length }));
    this.paint();
    this.prepareNext();
  }

  paint() {
    const cue = cueAt(this.cues, this.ms);
    const at = this.away ? nextOccurrence(this.occurrences(this.shown.deck, [this.shown]), this.ms) : null;
    const unshown = this.away && this.cues.length > 0 && at === null && !this.time.isLive;
    const note = !this.away && cue?.page === null ? say("no_slide_now") : "";
    const state = `${this.away}/${at}/${note}/${unshown}`;
    if (state === this.painted) return;
    this.painted = state;
    this.bar.paintPlace({ away: this.away, from: at === null ? "" : this.textOf(at), note });
    this.deck.toggleAttribute("data-unshown", unshown);
  }

  textOf(ms) {
    return this.time.text ? this.time.text(ms) : clockText(ms / 1000);
  }

  prepareNext() {
    const next = this.cues.find((cue) => cue.start_ms > this.ms && cue.page !== null && cue.page !== this.shown.number);
    const around = this.away ? [this.pages[this.shown.index + 1], this.pages[this.shown.index - 1]] : [];
    this.paper.prepare([next && this.pageOf(next), ...around]);
  }

  occurrences(deck, pages) {
    const found = occurrencesOf(this.cues, deck, new Set(pages.map((page) => page.number)));
    const earliest = this.time?.earliest?.() ?? -Infinity;
    return found.filter((one) => one.end_ms > earliest).map((one) => ({ ...one, start_ms: Math.max(one.start_ms, earliest) }));
  }

  // Leafing

  leaf(step) {
    if (this.shown) this.leafTo(this.pages[this.shown.index + step]);
  }

  leafTo(page) {
    if (!page) return;
    this.leafed = true;
    this.away = this.cues.length > 0 && page !== this.current;
    this.show(page, true);
  }

  backToNow() {
    if (!this.away) return;
    this.away = this.leafed = false;
    this.show(this.current ?? this.shown, true);
  }

  // A slide of the strip: the video goes to where it is shown, the next time to where it is shown again; a page that is
  // never shown is only looked at.
  choose(slide) {
    const next = nextOccurrence(this.occurrences(slide.deck, slide.pages), this.ms);
    if (next === null) return this.leafTo(this.pageOf({ deck: slide.deck, page: slide.pages[0].number }));
    const { current } = this;
    if (this.away && current && slide.deck === current.deck && slide.slide === current.slide) return this.backToNow();
    this.seek(next);
  }

  watchFrom() {
    const at = nextOccurrence(this.occurrences(this.shown.deck, [this.shown]), this.ms);
    if (at !== null) this.seek(at);
  }

  seek(ms) {
    this.away = this.leafed = false;
    this.time.seek((ms + INSIDE_MS) / 1000);
    this.look();
    this.strip.mark(this.shown, true);
  }

  // Links

  get linked() {
    return linkedPage(this.decks, new URL(location.href).searchParams.get("slide"));
  }

  // The moment (s) a link to a page leads to, of a build step that is not shown itself that of its slide; null when it
  // leads to none.
  linkedMoment() {
    const page = this.pageOf(this.linked);
    if (!page) return null;
    const steps = this.pages.filter((one) => one.deck === page.deck && one.slide === page.slide);
    const [first] = [[page], steps].flatMap((some) =>
      occurrencesOf(this.cues, page.deck, new Set(some.map((one) => one.number))));
    return first ? (first.start_ms + INSIDE_MS) / 1000 : null;
  }

  // Shows the page a link means when the video is not there.
  openLink() {
    const page = this.pageOf(this.linked);
    if (page) this.leafTo(page);
  }

  async copyLink() {
    if (!this.shown) return;
    const link = slideLink(pageAddress(), this.decks, { deck: this.shown.deck, page: this.shown.number });
    try {
      await navigator.clipboard.writeText(link);
      this.bar.tell(say("slide_copied", { page: this.shown.number }));
    } catch {
      prompt(say("copy_this"), link);
    }
  }

  // The layout

  swap() {
    this.box.dataset.large = this.large === "slide" ? "video" : "slide";
    this.bar.paintLarge(this.large);
    try {
      document.cookie = `${LARGE}=${this.large}; path=/; max-age=31536000; samesite=lax`;
    } catch {
      // Forbidden in a closed frame: not remembered.
    }
  }

  fullSlide() {
    toggleFullOf(this.deck);
  }

  fullBoth() {
    toggleFullOf(this.stage);
  }

  // Addresses of pictures run out after a day: ask for fresh ones, but not for ever when they are gone.
  async renew() {
    if (performance.now() - (this.renewedAt ?? -Infinity) < 60_000) return;
    this.renewedAt = performance.now();
    if (await this.source.refresh({ anew: true })) this.take();
  }
}

// Cues and pages, as GET /api/v1/sessions/{id}/slides has them: which page is shown when. Pure, but for `SlidesSource`.
//
// A cue is {start_ms, end_ms, deck, page, slide}; `page` is null while no slide is shown. Cues are in order and do not
// overlap; between them nothing is known.

// The cue of a moment (ms), or null where there is none.
export function cueAt(cues, ms) {
  let [low, high] = [0, cues.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle].start_ms <= ms) low = middle + 1;
    else high = middle;
  }
  const cue = cues[low - 1];
  return cue && ms < cue.end_ms ? cue : null;
}

// The page of a moment as {deck, page}; null while no slide is shown, or nothing is known.
export function pageAt(cues, ms) {
  const cue = cueAt(cues, ms);
  return cue && cue.page !== null ? { deck: cue.deck, page: cue.page } : null;
}

// The page that was shown last at a moment: the one shown now or, while there is none, the one before.
export function lastPageAt(cues, ms) {
  const cue = cues.findLast((one) => one.start_ms <= ms && one.page !== null);
  return cue ? { deck: cue.deck, page: cue.page } : null;
}

// The cues of a talk that is on air, as `live` of the answer has them ([{at, deck, page}]): the same form, in ms since 1970.
// The last one lasts until another comes.
export function liveCues(live) {
  const begun = live.map(({ at, deck, page }) => ({ start_ms: Date.parse(at), end_ms: Infinity, deck, page }));
  begun.sort((one, other) => one.start_ms - other.start_ms);
  return begun.map((cue, index) => ({ ...cue, end_ms: begun[index + 1]?.start_ms ?? Infinity }));
}

// The next moment (ms) after this one at which a cue begins or ends; null when nothing follows.
export function nextBorder(cues, ms) {
  for (const cue of cues) {
    if (cue.start_ms > ms) return cue.start_ms;
    if (cue.end_ms > ms) return cue.end_ms === Infinity ? null : cue.end_ms;
  }
  return null;
}

// Every stretch of time in which one of these pages of a deck is shown, as [{start_ms, end_ms}]; stretches that touch are
// one. `pages`: a set of page numbers.
export function occurrencesOf(cues, deck, pages) {
  const found = [];
  for (const cue of cues) {
    if (cue.deck !== deck || !pages.has(cue.page)) continue;
    const last = found.at(-1);
    if (last && last.end_ms === cue.start_ms) last.end_ms = cue.end_ms;
    else found.push({ start_ms: cue.start_ms, end_ms: cue.end_ms });
  }
  return found;
}

// Where the next click on a page leads, in ms: into its first stretch, and from within one of them into the next, round
// and round. null when it is never shown.
export function nextOccurrence(occurrences, ms) {
  if (!occurrences.length) return null;
  const at = occurrences.findIndex((one) => one.start_ms <= ms && ms < one.end_ms);
  return occurrences[(at + 1) % occurrences.length].start_ms;
}

// Logical slides in order, decks one after the other: [{deck, slide, pages, title}]. A slide's pages are the build steps of
// it, in order; its title is the last one that has any.
export function slidesOf(decks) {
  const slides = [];
  for (const deck of decks) {
    for (const page of deck.pages ?? []) {
      const last = slides.at(-1);
      if (last && last.deck === deck.id && last.slide === page.slide) last.pages.push(page);
      else slides.push({ deck: deck.id, slide: page.slide, pages: [page], title: "" });
      if (page.title) slides.at(-1).title = page.title;
    }
  }
  return slides;
}

// All pages in order, decks one after the other: [{deck, ...page}], with `index` in that order.
export function pagesOf(decks) {
  return decks.flatMap((deck) => (deck.pages ?? []).map((page) => ({ ...page, deck: deck.id }))).map((page, index) => ({ ...page, index }));
}

// When cues change the slide (not only the build step), in ms: [{start_ms, deck, page}].
export function slideChanges(cues) {
  const changes = [];
  let before = null;
  for (const cue of cues) {
    if (cue.page === null) continue;
    const name = `${cue.deck}/${cue.slide}`;
    if (name !== before) changes.push({ start_ms: cue.start_ms, deck: cue.deck, page: cue.page });
    before = name;
  }
  return changes;
}

// States in which something still happens by itself.
export const UNSETTLED = new Set(["waiting", "rendering", "matching"]);

// What a session has of slides, asked for again with its ETag. `data` is null until it was first got.
export class SlidesSource {
  constructor(url, ask = (address, options) => fetch(address, options)) {
    this.url = url;
    this.ask = ask;
    this.data = null;
    this.etag = "";
    this.running = null;
    this.next = null;
  }

  get unsettled() {
    return this.data === null || UNSETTLED.has(this.data.state);
  }

  // Whether there is something new. `anew`: also when nothing changed (addresses of pictures ran out). While it asks, it
  // will ask once more: the answer may be older than the change somebody heard of. A network that is away is no news.
  refresh({ anew = false } = {}) {
    if (this.running) {
      this.next ??= this.running.then(() => ((this.next = null), this.refresh({ anew })));
      return this.next;
    }
    this.running = this.get(anew).finally(() => (this.running = null));
    return this.running;
  }

  async get(anew) {
    const headers = { Accept: "application/json" };
    if (this.etag && !anew) headers["If-None-Match"] = this.etag;
    const answer = await this.ask(this.url, { headers, cache: "no-store" }).catch(() => null);
    if (!answer?.ok) return false; // 304 is not ok either: nothing new
    const data = await answer.json().catch(() => null);
    if (data === null) return false;
    this.take(data, answer.headers.get("ETag"));
    return true;
  }

  // An answer that was got otherwise, as after an edit.
  take(data, etag = "") {
    this.data = data;
    this.etag = etag ?? "";
  }
}

// Links to a page of the slides: `?slide=12`, and `?slide=2.12` for the second of several decks. Pure.

// To {deck, page}, deck counted from 1; null when it is no page.
export function parseSlide(text) {
  const found = /^(?:(\d{1,3})\.)?(\d{1,5})$/.exec(text ?? "");
  if (!found || Number(found[2]) < 1 || found[1] === "0") return null;
  return { deck: Number(found[1] ?? 1), page: Number(found[2]) };
}

export function formatSlide(deck, page) {
  return deck > 1 ? `${deck}.${page}` : String(page);
}

// The page of `decks` that a link means, as {deck: id, page}; null when there is none (any more).
export function linkedPage(decks, text) {
  const wanted = parseSlide(text);
  const deck = wanted && decks[wanted.deck - 1];
  return deck?.pages?.some((page) => page.number === wanted.page) ? { deck: deck.id, page: wanted.page } : null;
}

// The address of a page of the slides, made of this page's address.
export function slideLink(address, decks, { deck, page }) {
  const url = new URL(address);
  url.searchParams.delete("t");
  url.searchParams.set("slide", formatSlide(decks.findIndex((one) => one.id === deck) + 1, page));
  return url.href;
}

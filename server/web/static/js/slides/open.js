// Opens the slides of a page beside its video, and keeps them fresh.

import { follow } from "../changes.js";
import { refresh } from "../studio/refresh.js";
import { Beside } from "./beside.js";
import { SlidesSource } from "./cues.js";
import { SlideTicks } from "./timeline.js";

const STALE_MS = 60_000; // who comes back to a page without slides after so long gets those that were brought meanwhile
const PACE_MS = 2000; // corrections come one after the other: what is heard of within so long is asked for once
const PATIENCE_MS = 2500; // so long a link to a page waits for the pages

// A page with slides hears of every change of them while it is looked at, and so does who brings slides on this very page:
// what is rendered, matched or corrected is there by itself. A browser has few connections to a server, so a page in the
// background keeps none; it asks when somebody comes back to it.
function keepFresh(beside, { event, session }) {
  const { source } = beside;
  const desk = document.querySelector("[data-uploads][data-purpose=slides]");
  const isWorthIt = () => desk !== null || source.data?.decks.length > 0 || (beside.time !== null && source.unsettled);
  let stop = null;
  let later = null;
  let askedAt = -Infinity;
  const ask = async () => {
    clearTimeout(later);
    later = null;
    askedAt = performance.now();
    if (await source.refresh()) beside.take();
    settle();
  };
  const soon = () => {
    later ??= setTimeout(ask, Math.max(0, askedAt + PACE_MS - performance.now()));
  };
  const hear = (change) => {
    if (change.kind !== "slides" || change.session !== session) return;
    if (desk) refresh();
    soon();
  };
  const settle = () => {
    const wanted = !document.hidden && isWorthIt();
    if (wanted && !stop) stop = follow(event, hear, soon);
    else if (!wanted && stop) stop = stop();
  };
  document.addEventListener("visibilitychange", () => {
    settle();
    if (!document.hidden && performance.now() - askedAt > STALE_MS) soon();
  });
  return ask();
}

// Ticks, pages under the pointer, and chapters, which may be guessed from the slides: what people write goes before those
// of the file, what is guessed behind them.
function showOnBar(player, beside) {
  const ticks = new SlideTicks(player.seekBar, (place) => beside.pageOf(place));
  const paint = () => ticks.set(beside.cues, player.total);
  player.video.addEventListener("durationchange", paint);
  let ofFile = null;
  beside.onChange(({ source: { data } }) => {
    paint();
    const [page, found] = [player.playback.chapters ?? [], data?.chapters ?? []].map((list) => list.map(nameOfChapter));
    ofFile ??= page.length > 0 && page.join() !== found.join();
    if (!ofFile || data?.chapters.some((one) => one.edited)) player.setChapters(data?.chapters ?? []);
  });
}

function nameOfChapter({ start_ms: start, title }) {
  return `${start} ${title}`;
}

function watchPicture(player, beside) {
  const look = () => {
    const none = player.isSoundOnly || (player.video.readyState > 0 && player.video.videoWidth === 0);
    beside.box.toggleAttribute("data-no-picture", none);
  };
  for (const name of ["loadedmetadata", "resize", "loadeddata"]) player.video.addEventListener(name, look);
}

// The slides beside a recording, or null where the page has no place for them. `ready` is resolved once they are there,
// or when it takes too long.
export function openBeside(player) {
  const stage = player.root.closest("[data-stage]");
  const deck = stage?.querySelector("[data-deck]");
  if (!deck) return null;
  const source = new SlidesSource(deck.dataset.deck);
  const time = { video: player.video, now: () => player.now, seek: (moment) => player.seek(moment) };
  const beside = new Beside(stage, source, time);
  showOnBar(player, beside);
  watchPicture(player, beside);
  const got = keepFresh(beside, stage.dataset);
  beside.ready = Promise.race([got, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  return beside;
}

// Slides of a talk that cannot be watched (yet): to be leafed through.
export function openAlone(stage) {
  const deck = stage?.querySelector("[data-deck]");
  if (!deck) return null;
  const beside = new Beside(stage, new SlidesSource(deck.dataset.deck));
  keepFresh(beside, stage.dataset).then(() => beside.openLink());
  return beside;
}

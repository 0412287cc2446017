// Opens the slides of a page beside its video, and keeps them fresh.

import { follow } from "../changes.js";
import { refresh } from "../studio/refresh.js";
import { Beside } from "./beside.js";
import { SlidesSource } from "./cues.js";
import { SlideTicks } from "./timeline.js";

const STALE_MS = 60_000; // who comes back to the page after so long gets what was corrected meanwhile
const PATIENCE_MS = 2500; // so long a link to a page waits for the pages

// While something is rendered or matched, every change is heard of, and always by who brings slides on this very page; else
// nothing is asked for but by who comes back.
function keepFresh(beside, { event, session }) {
  const { source } = beside;
  const desk = document.querySelector("[data-uploads][data-purpose=slides]");
  const changes = () => desk !== null || (beside.time ? source.unsettled : source.data?.state === "rendering");
  let stop = null;
  let askedAt = 0;
  const ask = async () => {
    askedAt = performance.now();
    if (await source.refresh()) beside.take();
    settle();
  };
  const hear = (change) => {
    if (change.kind !== "slides" || change.session !== session) return;
    if (desk) refresh();
    ask();
  };
  const settle = () => {
    if (changes() && !stop) stop = follow(event, hear, ask);
    else if (!changes() && stop) stop = stop();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - askedAt > STALE_MS) ask();
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

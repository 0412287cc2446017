// The slides of what is on in a room, in step with the picture, also for who has rewound: by the moment at which the picture
// was taken. Which page that is comes with the stream of changes; who comes later asks for all of it.

import { timeOfDay } from "../live/rewind.js";
import { slidesAt } from "../live/timeline.js";
import { Beside } from "./beside.js";
import { liveCues, SlidesSource } from "./cues.js";

export class LiveSource extends SlidesSource {
  take(data, etag) {
    super.take({ ...data, cues: liveCues(data.live) }, etag);
  }

  knows(cue) {
    return cue.deck === null || Boolean(this.data?.decks.some((deck) => deck.id === cue.deck));
  }

  // One more cue: {at, deck, page}.
  add(cue) {
    const live = this.data.live.filter((one) => one.at !== cue.at);
    this.take({ ...this.data, live: [...live, cue] }, this.etag);
  }
}

export class LiveSlides {
  // `stage` is null in another site's frame, which shows the stream alone. `clock`: the server's.
  constructor(stage, player, clock) {
    this.address = null;
    this.now = null;
    this.stretches = [];
    this.player = player;
    this.clock = clock;
    this.beside = stage && new Beside(stage, new LiveSource(""), this.time());
    if (!stage) return;
    // A link to a page is one to the talk, and this page is the room's.
    stage.querySelector("[data-deck-link]").hidden = true;
    for (const name of ["timeupdate", "seeked"]) player.video.addEventListener(name, () => this.choose());
  }

  time() {
    const { player } = this;
    return {
      video: player.video,
      isLive: true,
      now: () => this.wall / 1000,
      seek: (seconds) => player.seekToWall(seconds * 1000),
      text: (ms) => timeOfDay(ms),
      earliest: () => player.source?.segments[0]?.wall ?? Infinity,
    };
  }

  // When the picture that is shown was taken, ms since 1970; before one plays it is now.
  get wall() {
    const { player } = this;
    return player.started ? (player.wallAt(player.video.currentTime) ?? NaN) : this.clock.now();
  }

  // `now`: where the slides of the talk that is on are asked for; null when it has none. `stretches`: those of the broadcast.
  show(now, stretches) {
    this.now = now;
    this.stretches = stretches;
    this.choose();
  }

  // The slides of what is shown: of an earlier talk for who has rewound that far.
  choose() {
    const address = slidesAt(this.stretches, this.wall, this.now);
    if (!this.beside || address === this.address) return;
    const source = new LiveSource(address ?? "");
    const isDrawn = this.address === null && address === this.beside.deck.dataset.deck;
    this.address = address;
    if (isDrawn) this.beside.source = source; // what the server has drawn stays
    else this.beside.open(source);
    this.refresh();
  }

  changed(session) {
    if (this.address?.includes(session)) this.refresh();
  }

  // Another page is shown from a moment on.
  told(cue) {
    if (!this.address?.includes(cue.session)) return;
    const { source } = this.beside;
    if (!source.knows(cue)) return void this.refresh();
    source.add(cue);
    this.beside.retime();
  }

  async refresh() {
    const { beside } = this;
    if (!beside || !this.address) return;
    const { source } = beside;
    if ((await source.refresh()) && source === beside.source) beside.take();
  }
}

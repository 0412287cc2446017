// An embedded live room: what its address asks for, and what the page around it may do with the player.

import { Control } from "./control.js";
import { Refusal } from "./protocol.js";
import { wishesIn } from "./talk.js";

class LiveDesk {
  constructor(main, room) {
    this.room = room;
    this.player = room.player;
    this.video = room.video;
    this.control = new Control(this, { isClosed: main.dataset.visibility === "closed" });
    this.title = main.dataset.title;
    this.listen();
  }

  listen() {
    const { video, control, player } = this;
    const about = () => ({ at: this.at, behind: player.latency });
    video.addEventListener("play", () => control.tell("play", about()));
    video.addEventListener("pause", () => !player.wanted && control.tell("pause", about()));
    video.addEventListener("seeked", () => control.tell("seeked", about()));
    video.addEventListener("timeupdate", () => control.tell("timeupdate", about()));
    video.addEventListener("volumechange", () => control.tell("volumechange", { volume: video.volume, muted: video.muted }));
    video.addEventListener("loadedmetadata", () => this.greeted());
    const { ended } = player.on;
    player.on.ended = () => {
      control.tell("ended", about());
      this.isGreeted = false; // the room's next broadcast is told of anew
      ended();
    };
    const trouble = player.root.querySelector("[data-trouble]");
    const tell = () => !trouble.hidden && control.tell("error", { code: "media", detail: trouble.querySelector("[data-trouble-text]").textContent });
    new MutationObserver(tell).observe(trouble, { attributes: true, attributeFilter: ["hidden"] });
  }

  // Seconds from the beginning of what can be rewound.
  get at() {
    const { source } = this.player;
    return source ? Math.max(0, Math.round((this.video.currentTime - source.start) * 1000) / 1000) : 0;
  }

  state() {
    const { player, video, room } = this;
    const { source } = player;
    return {
      live: true,
      ready: player.isOpen && video.readyState > 0,
      on_air: Boolean(room.state.broadcast),
      at: this.at,
      duration: source ? Math.max(0, Math.round((source.edge - source.start) * 1000) / 1000) : 0,
      behind: player.latency,
      following: player.following,
      paused: video.paused,
      ended: player.over,
      volume: video.volume,
      muted: video.muted,
      rate: video.playbackRate,
      captions: null,
      languages: [],
      title: room.state.title || this.title,
      room: room.state.room,
    };
  }

  greeted() {
    if (this.video.readyState === 0 || this.control.origin === null || this.isGreeted) return;
    this.isGreeted = true;
    this.control.tell("ready");
  }

  async play() {
    if (!this.player.isOpen) throw new Refusal("unavailable", "Nothing is on air in this room.");
    if (!this.player.started) this.player.goLive(false); // what was loaded for the first picture is old by now
    await this.player.play();
  }

  pause() {
    this.player.wanted = false;
    this.video.pause();
  }

  seek({ at }) {
    const { source } = this.player;
    if (source) this.player.seek(source.start + at);
  }

  goLive() {
    this.player.goLive(false);
  }

  setVolume({ volume }) {
    this.video.volume = volume;
  }

  setMuted({ muted }) {
    this.video.muted = muted;
  }
}

// Opens the door to the page around this frame; ?autoplay=1 plays what is on.
export function startLiveEmbed(main, room) {
  const desk = (window.semmaEmbed = new LiveDesk(main, room)); // for tests and for the curious
  const wishes = wishesIn(location.search);
  if (wishes.muted) room.video.muted = true;
  if (wishes.autoplay && room.state.broadcast) desk.play();
}

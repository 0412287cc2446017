// An embedded talk: what its address asks for, and what the page around it may do with the player.

import { Control } from "./control.js";
import { Refusal } from "./protocol.js";

const ON = new Set(["", "1", "true", "yes"]);

// What the frame's address asks for: ?captions=fi&autoplay=1&muted=1 (`t` is the player's own).
export function wishesIn(search) {
  const query = new URLSearchParams(search);
  const is = (name) => query.has(name) && ON.has(query.get(name).toLowerCase());
  return { captions: query.get("captions") || null, autoplay: is("autoplay"), muted: is("muted") };
}

// The language of the tracks that fits best: "fi" also takes "fi-FI"; null when none does.
export function fitting(languages, wanted) {
  const [low, primary] = [wanted.toLowerCase(), wanted.split("-")[0].toLowerCase()];
  const exact = languages.find((one) => one.toLowerCase() === low);
  return exact ?? languages.find((one) => one.split("-")[0].toLowerCase() === primary) ?? null;
}

class TalkDesk {
  constructor(main, player) {
    this.player = player;
    this.video = player.video;
    this.title = main.dataset.title;
    this.slide = "";
    this.control = new Control(this, { isClosed: main.dataset.visibility === "closed" });
    this.listen();
  }

  listen() {
    const { video, control } = this;
    const at = () => ({ at: this.at });
    video.addEventListener("play", () => control.tell("play", at()));
    video.addEventListener("pause", () => control.tell(this.isOver ? "ended" : "pause", at()));
    video.addEventListener("seeked", () => (control.tell("seeked", at()), this.tellSlide()));
    video.addEventListener("timeupdate", () => (control.tell("timeupdate", { ...at(), duration: this.duration }), this.tellSlide()));
    video.addEventListener("volumechange", () => control.tell("volumechange", { volume: video.volume, muted: video.muted }));
    video.addEventListener("loadedmetadata", () => this.greeted());
    for (const track of this.player.captions.tracks) track.addEventListener("cuechange", () => this.tellCue(track));
    new MutationObserver(() => this.tellTrouble()).observe(this.player.root.querySelector("[data-trouble]"), { attributes: true, attributeFilter: ["hidden"] });
  }

  get at() {
    return Math.round(this.player.now * 1000) / 1000;
  }

  get duration() {
    return Math.round(this.player.total * 1000) / 1000;
  }

  get isOver() {
    return this.player.clip.isOver;
  }

  state() {
    const { video, player } = this;
    return {
      live: false,
      ready: video.readyState > 0,
      at: this.at,
      duration: this.duration,
      paused: video.paused,
      ended: this.isOver && video.readyState > 0,
      volume: video.volume,
      muted: video.muted,
      rate: video.playbackRate,
      captions: player.captions.current?.language ?? null,
      languages: player.captions.tracks.map((track) => track.language),
      title: this.title,
      session: player.sessionId,
    };
  }

  // The page said hello, or the recording is there: once both are so.
  greeted() {
    if (this.video.readyState === 0 || this.control.origin === null || this.isGreeted) return;
    this.isGreeted = true;
    this.control.tell("ready", { duration: this.duration });
    this.tellSlide();
  }

  async play() {
    if (this.isOver && this.video.paused) this.player.seek(0);
    await this.video.play();
  }

  pause() {
    this.video.pause();
  }

  seek({ at }) {
    if (this.video.readyState > 0) this.player.seek(at);
    else this.video.addEventListener("loadedmetadata", () => this.player.seek(at), { once: true });
  }

  setVolume({ volume }) {
    this.video.volume = volume;
  }

  setMuted({ muted }) {
    this.video.muted = muted;
  }

  setRate({ rate }) {
    this.video.playbackRate = rate;
  }

  // Not remembered: it is the page that chooses, not the viewer.
  setCaptions({ language }) {
    const { captions, controls } = this.player;
    const found = language === null ? null : fitting(captions.tracks.map((track) => track.language), language);
    if (language !== null && found === null) throw new Refusal("no_captions", `There are no captions in ${language}.`);
    controls.paintCaptions(captions.show(found));
  }

  tellCue(track) {
    if (track !== this.player.captions.current) return;
    const text = [...(track.activeCues ?? [])].map((cue) => cue.getCueAsHTML().textContent).join("\n");
    this.control.tell("cue", { at: this.at, language: track.language }, { text });
  }

  // Where the frame shows slides (?slides=1).
  tellSlide() {
    const page = this.player.slides?.current;
    const mark = page ? `${page.deck}/${page.number}` : "";
    if (mark === this.slide) return;
    this.slide = mark;
    const pages = this.player.slides.pages.filter((one) => one.deck === page?.deck).length;
    this.control.tell("slide", { at: this.at, page: page?.number ?? null, pages }, { title: page?.title ?? "" });
  }

  tellTrouble() {
    const box = this.player.root.querySelector("[data-trouble]");
    if (!box.hidden) this.control.tell("error", { code: "media", detail: box.querySelector("[data-trouble-text]").textContent });
  }
}

// Opens the door to the page around this frame, and does what the frame's address asks for.
export async function startEmbed(main, player) {
  const desk = (window.semmaEmbed = new TalkDesk(main, player)); // for tests and for the curious
  const wishes = wishesIn(location.search);
  if (wishes.captions) {
    try {
      desk.setCaptions({ language: wishes.captions === "off" ? null : wishes.captions });
    } catch (error) {
      console.info(`semma: ${error.message}`);
    }
  }
  if (wishes.muted) player.video.muted = true;
  if (wishes.autoplay) await playSomehow(player.video);
}

// With sound where the browser lets a page do so by itself, else without; a click on the sound brings it.
async function playSomehow(video) {
  try {
    await video.play();
  } catch (error) {
    if (error.name !== "NotAllowedError") return;
    video.muted = true;
    await video.play().catch(() => {});
  }
}

// A frame in which there is nothing to watch (yet) says so.
export function startEmptyEmbed(main) {
  const desk = { state: () => ({ live: false, ready: false, title: main.dataset.title }), greeted: () => {} };
  new Control(desk, { isClosed: main.dataset.visibility === "closed" });
}

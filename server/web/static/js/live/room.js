// A room over time: waiting, on air, over, on air again. What is on and what comes is the server's page, asked for anew
// whenever something changed; the player goes on meanwhile.

import { follow } from "../changes.js";
import { LiveSlides } from "../slides/live.js";
import { refresh } from "../studio/refresh.js";
import { language, say } from "../texts.js";
import { startZones } from "../zones.js";
import { Beacon } from "./beacon.js";
import { ServerClock } from "./clock.js";
import { startCountdown } from "./countdown.js";
import { LivePlayer } from "./player.js";

const FRESH_MS = 4000; // a page so young needs no asking
const REFUSED_MS = 5000;
const WAITS = new Set(["broadcast", "stretch", "session", "room", "event", "track", "recording"]);

// Not everybody at once: the more watch, the wider their questions are spread.
export function spread(viewers, random = Math.random()) {
  return Math.round(random * Math.min(10_000, 400 + viewers * 20));
}

export class LiveRoom {
  constructor() {
    this.find = (name) => document.querySelector(`[data-${name}]`);
    this.clock = new ServerClock();
    this.player = new LivePlayer(this.find("player"), {
      clock: this.clock,
      on: { ended: () => this.ended(), refused: () => this.refused(), woke: () => this.soon(0) },
    });
    this.isEmbed = this.find("embed") !== null;
    this.slides = new LiveSlides(this.find("stage"), this.player, this.clock);
    this.state = this.read();
    this.hearOfThisPage();
    this.playing = null; // the broadcast in the player
    this.askedAt = performance.now();
    this.refusedAt = -Infinity;
  }

  get video() {
    return this.player.video;
  }

  read() {
    return JSON.parse(document.getElementById("live-state").textContent);
  }

  // The server's time in this page is of the moment between its being asked for and its coming.
  hearOfThisPage() {
    const [navigation] = performance.getEntriesByType("navigation");
    if (!navigation?.responseStart) return;
    const { requestStart, responseStart } = navigation;
    this.clock.heard(this.state.now_ms, performance.timeOrigin + requestStart, performance.timeOrigin + responseStart);
  }

  start() {
    const zones = this.find("zone-switch")?.closest("[data-zone]");
    this.showTimes = zones ? startZones(zones) : () => {};
    this.countdown = startCountdown(() => this.clock.now());
    this.beacon = new Beacon({
      address: () => (this.playing ? this.state.stream.replace(/index\.m3u8$/, "beacon") : null),
      isWatching: () => !this.video.paused,
      onAnswer: ({ viewers }) => this.showViewers((this.state.viewers = viewers)),
    });
    this.video.addEventListener("playing", () => this.beacon.send(), { once: true });
    document.addEventListener("click", (event) => this.clicked(event));
    this.apply({ autoplay: !this.isEmbed && !matchMedia("(prefers-reduced-data: reduce)").matches });
    this.nameForTheSystem();
    follow(this.state.event, (change) => this.heard(change), () => this.missed());
  }

  heard(change) {
    if (WAITS.has(change.kind)) this.soon();
    if (change.kind === "slides") this.heardOfSlides(change);
    if (change.kind === "live_slides") this.slides.told(change);
  }

  heardOfSlides({ session, state }) {
    const on = this.state.stretches.find((one) => one.ends_at === null);
    // The first ones of the talk that is on: the page is asked where they are.
    if (!this.state.slides && state === "ready" && on?.slides.includes(session)) this.soon();
    else this.slides.changed(session);
  }

  // Something may have been told that did not arrive here.
  missed() {
    this.soon();
    setTimeout(() => this.slides.refresh(), spread(this.state.viewers));
  }

  clicked(event) {
    const jump = event.target.closest("[data-jump]");
    if (jump) {
      this.player.seekToWall(Date.parse(jump.dataset.jump));
      this.find("player").scrollIntoView({ block: "nearest" });
    }
    if (event.target.closest("[data-after-live]")) this.take();
  }

  // Asking

  soon(after = spread(this.state.viewers)) {
    if (performance.now() - this.askedAt < FRESH_MS && this.due === undefined && !this.wasAsked) {
      this.wasAsked = true; // the stream of changes stands for the first time: this very page is the answer
      return;
    }
    this.due ??= setTimeout(() => this.ask(), after);
  }

  async ask() {
    this.due = undefined;
    this.askedAt = performance.now();
    const askedAt = Date.now();
    await refresh();
    const before = this.state.now_ms;
    this.state = this.read();
    if (this.state.now_ms !== before) this.clock.heard(this.state.now_ms, askedAt, Date.now());
    this.apply({ autoplay: true });
  }

  // The stream was refused: a new address may help, or the doors were closed.
  async refused() {
    if (performance.now() - this.refusedAt < REFUSED_MS) return;
    this.refusedAt = performance.now();
    const answer = await fetch(location.href, { method: "HEAD", headers: { Accept: "text/html" } }).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) {
      this.player.close();
      this.player.controls.paintTrouble(say("error_access"));
      return;
    }
    const before = this.state.stream;
    await this.ask();
    if (this.state.stream !== before && this.state.broadcast === this.playing) this.player.readdress(this.state.stream);
  }

  // Showing

  apply({ autoplay }) {
    this.showTimes();
    const { state, player } = this;
    if (state.broadcast && !player.isOpen) this.open(autoplay);
    else if (state.broadcast && state.broadcast !== this.playing) this.another();
    else if (!state.broadcast && !player.isOpen) this.showBefore(true);
    if (state.broadcast === this.playing) player.show(state.stretches);
    for (const button of document.querySelectorAll("[data-jump]")) button.hidden = state.broadcast !== this.playing;
    this.showViewers(state.broadcast ? state.viewers : 0);
    this.slides.show(state.slides, state.broadcast === this.playing ? state.stretches : []);
    this.countdown();
    this.nameForTheSystem();
  }

  showBefore(shown) {
    this.find("before").hidden = !shown;
    this.find("player").hidden = shown;
  }

  open(autoplay) {
    this.showBefore(false);
    this.offer("");
    this.playing = this.state.broadcast;
    this.player.open(this.state.stream, { autoplay });
    this.player.show(this.state.stretches);
  }

  // A new broadcast: who had reached the end of the last one goes on with it, who is behind is asked.
  another() {
    const { over, following, ahead } = this.player;
    if (over || following || ahead < 3) this.take();
    else this.offer(say("on_air_again"), true);
  }

  take() {
    this.offer("");
    this.playing = this.state.broadcast;
    this.showBefore(false);
    this.player.next(this.state.stream);
    this.player.show(this.state.stretches);
  }

  ended() {
    if (this.state.broadcast && this.state.broadcast !== this.playing) return this.take();
    if (document.fullscreenElement) document.exitFullscreen();
    this.player.close();
    this.playing = null;
    this.showBefore(true);
    this.offer(say("broadcast_ended"));
    this.soon(0);
  }

  offer(text, withButton = false) {
    const box = this.find("after");
    if (!box) return; // the embed
    box.hidden = text === "";
    this.find("after-text").textContent = text;
    this.find("after-live").hidden = !withButton;
  }

  showViewers(count) {
    const place = this.find("viewers");
    if (!place) return;
    place.hidden = !count;
    this.find("viewers-text").textContent = say("watching", { count: new Intl.NumberFormat(language).format(count) });
  }

  nameForTheSystem() {
    if (!("mediaSession" in navigator)) return;
    const { title, room_name: artist } = this.state;
    navigator.mediaSession.metadata = new MediaMetadata({ title: title || artist, artist: title ? artist : "" });
    navigator.mediaSession.setActionHandler("seekbackward", () => this.player.acts().by(-10));
    navigator.mediaSession.setActionHandler("seekforward", () => this.player.acts().by(10));
  }
}

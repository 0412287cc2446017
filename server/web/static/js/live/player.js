// The live player: what the viewer wants, and what is shown of it. The stream is in hls_source.js and native_source.js.
//
// Two things are the viewer's: whether it shall play (`wanted`), and whether it keeps to the newest picture
// (`following`). Whatever happens to the stream, these two are restored.

import { Controls, nextSpeed } from "../player/controls.js";
import { startKeyboard } from "../player/keyboard.js";
import { Menus } from "../player/menus.js";
import { clockText } from "../player/moment.js";
import { Quiet } from "../player/quiet.js";
import { listenToPicture, toggleFull, togglePip } from "../player/screen.js";
import { Sound } from "../player/sound.js";
import { say } from "../texts.js";
import { LiveBadge } from "./badge.js";
import { qualityItems, qualityName } from "./quality_menu.js";
import { keepQuality, rememberedQuality, SOUND_ONLY } from "./quality.js";
import { Recovery } from "./recovery.js";
import { RewindBar } from "./rewind.js";
import { openLive } from "./source.js";
import { positionOf, talksOn, wallAt } from "./timeline.js";

const TICK_MS = 1000;
const ASLEEP_MS = 5000; // a tick that comes so late: this machine slept, or the page was frozen
const LOST_S = 6; // further than this behind the edge without having asked for it: go there

export class LivePlayer {
  // `clock`: the server's; `on`: {ended(), refused(), woke()}
  constructor(root, { clock, on }) {
    this.root = root;
    this.video = root.querySelector("[data-video]");
    this.clock = clock;
    this.on = on;
    this.source = null;
    this.stretches = [];
    this.wanted = false;
    this.following = true;
    this.started = false;
    this.over = false;
    this.interruptedAt = -Infinity;
    this.recovery = new Recovery();
    this.menus = new Menus(root);
    this.controls = new Controls(root, this.menus, this.acts());
    this.sound = new Sound(this.video, this.controls);
    this.bar = new RewindBar(root, (position) => this.seek(position), (position) => this.wallAt(position));
    this.badge = new LiveBadge(root, () => this.goLive());
    this.quiet = new Quiet(root, this.video, this.menus);
    this.help = startKeyboard(root, this.acts());
    this.listen();
  }

  get hls() {
    return this.source?.hls ?? null;
  }

  get isOpen() {
    return this.source !== null;
  }

  // Seconds between what is shown and now, by the server's clock; null while unknown.
  get latency() {
    const wall = this.wallAt(this.video.currentTime);
    return wall === null ? null : Math.max(0, (this.clock.now() - wall) / 1000);
  }

  // Seconds of broadcast that lie ahead of what is shown.
  get ahead() {
    return this.source ? Math.max(0, this.source.edge - this.video.currentTime) : 0;
  }

  acts() {
    return {
      toggle: () => this.toggle(),
      by: (seconds) => this.seek(this.video.currentTime + seconds, true),
      toShare: (share) => this.source && this.seek(this.source.start + share * (this.source.edge - this.source.start), true),
      toEnd: () => this.goLive(),
      full: () => toggleFull(this.root, this.video),
      pip: () => togglePip(this.video),
      mute: () => this.sound.toggle(),
      louder: (step) => this.sound.set(this.video.volume + step, true),
      setVolume: (volume) => this.sound.set(volume),
      captions: () => {},
      captionItems: () => [],
      qualityItems: () => qualityItems(this.source, (choice) => this.chooseQuality(choice)),
      speed: (step) => this.setSpeed(nextSpeed(this.video.playbackRate, step)),
      speedNow: () => this.speed ?? 1,
      setSpeed: (speed) => this.setSpeed(speed),
      help: () => this.help(),
      retry: () => (this.source ? this.source.remedy("renew") : location.reload()),
    };
  }

  listen() {
    const { video, controls } = this;
    for (const name of ["timeupdate", "progress", "seeked"]) video.addEventListener(name, () => this.paint());
    video.addEventListener("play", () => this.played());
    video.addEventListener("pause", () => this.paused());
    video.addEventListener("ended", () => this.ended());
    for (const name of ["waiting", "seeking"]) video.addEventListener(name, () => controls.paintWaiting(this.wanted));
    for (const name of ["playing", "canplay", "seeked"]) video.addEventListener(name, () => controls.paintWaiting(false));
    video.addEventListener("canplay", () => this.wanted && video.paused && this.play());
    document.addEventListener("fullscreenchange", () => controls.paintFull(document.fullscreenElement === this.root));
    this.root.querySelector("[data-unmute]").addEventListener("click", () => this.unmute());
    listenToPicture({
      video,
      quiet: this.quiet,
      menus: this.menus,
      started: () => this.started,
      toggle: () => this.toggle(),
      full: () => toggleFull(this.root, video),
    });
    this.listenToTime();
  }

  listenToTime() {
    let before = Date.now();
    setInterval(() => {
      const now = Date.now();
      const slept = now - before > TICK_MS + ASLEEP_MS;
      before = now;
      if (slept) this.wake();
      else this.tick();
    }, TICK_MS);
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => !document.hidden && this.tick());
  }

  // Opening

  async open(url, { autoplay }) {
    this.over = false;
    this.following = true;
    this.sound.recall();
    this.controls.show();
    this.video.removeAttribute("controls");
    this.recovery.reset(performance.now());
    try {
      this.source = await openLive(this.video, url, {
        quality: rememberedQuality(),
        isFollowing: () => this.following,
        on: {
          changed: () => this.changed(),
          levels: () => this.paintQuality(),
          interrupted: () => (this.interruptedAt = performance.now()),
          refused: (status) => this.on.refused(status),
        },
      });
    } catch {
      this.controls.paintTrouble(say("error_unsupported"));
      return;
    }
    if (autoplay) this.play();
  }

  // The room's next broadcast, in the same player; goes on playing if it did.
  next(url) {
    this.over = false;
    this.following = true;
    this.stretches = [];
    this.recovery.reset(performance.now());
    this.source.follow(url);
    if (this.wanted || this.started) this.play();
  }

  // The same broadcast under a fresh token.
  readdress(url) {
    if (!this.source) return;
    this.source.url = url;
    this.source.remedy("renew");
  }

  close() {
    this.source?.destroy();
    this.source = null;
    this.wanted = false;
  }

  // Playing

  // With sound if this browser lets a page do so by itself, else without and a button for the sound.
  async play() {
    this.wanted = true;
    try {
      await this.video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return; // interrupted: "canplay" tries again
      this.video.muted = true;
      await this.video.play().then(
        () => (this.root.querySelector("[data-unmute]").hidden = false),
        () => (this.wanted = false),
      );
    }
  }

  unmute() {
    this.root.querySelector("[data-unmute]").hidden = true;
    this.video.muted = false;
    if (this.video.volume === 0) this.video.volume = 1;
    this.sound.keep();
    this.root.querySelector("[data-play]").focus();
  }

  toggle() {
    if (!this.source) return;
    if (this.over && this.video.ended) return;
    if (this.video.paused) {
      if (!this.started) this.goLive(); // what was loaded for the first picture is old by now
      this.play();
    } else {
      this.wanted = false;
      this.video.pause();
    }
  }

  played() {
    this.started = true;
    this.wanted = true;
    this.controls.paintPlaying(true, true);
  }

  // A pause by the viewer, the system's controls or the small window; not one that came with a repair.
  paused() {
    const repaired = performance.now() - this.interruptedAt < 3000;
    if (!repaired && !this.video.ended) {
      this.wanted = false;
      this.following = false; // going on means going on from here
    }
    this.controls.paintPlaying(this.wanted, this.started);
  }

  ended() {
    if (!this.source?.hasEnded) return;
    this.over = true;
    this.controls.paintPlaying(false, true);
    this.controls.paintWaiting(false);
    this.on.ended();
  }

  seek(position, aloud = false) {
    if (!this.source) return;
    const { start, livePosition } = this.source;
    const last = this.source.hasEnded ? this.source.edge : livePosition;
    if (position >= last - 0.5) return this.goLive(aloud);
    this.following = false;
    this.video.currentTime = Math.max(start, position);
    if (aloud) this.controls.tell(say("behind", { time: clockText(this.source.edge - this.video.currentTime) }));
    this.paint();
  }

  // To a moment of the day, ms since 1970.
  seekToWall(wall) {
    const position = this.source && positionOf(this.source.segments, wall);
    if (position === null) return;
    this.seek(position + 0.05);
    this.play();
  }

  goLive(aloud = true) {
    if (!this.source) return;
    this.following = true;
    this.setSpeed(1);
    this.video.currentTime = this.source.hasEnded ? this.source.edge - 0.1 : this.source.livePosition;
    if (aloud && this.started) this.controls.tell(say("live"));
    if (this.started) this.play();
    this.paint();
  }

  // Another speed is for those who come from behind; at the edge it is given up.
  setSpeed(speed) {
    const before = this.speed ?? 1;
    this.speed = speed;
    this.source?.catchUp(speed === 1);
    this.video.playbackRate = speed;
    if (speed !== before) this.controls.tell(say("speed_is", { speed: `${speed}×` }));
    this.controls.paintSpeed(speed);
  }

  chooseQuality(choice) {
    keepQuality(choice);
    this.source.choose(choice);
    this.paintQuality();
    this.controls.tell(say("quality_is", { name: qualityName(choice) }));
  }

  // Time

  tick() {
    if (!this.source) return;
    this.paint();
    const moves = this.wanted && !this.over;
    const at = performance.now();
    const arriving = this.source.received !== this.received && this.loadedAhead() < 0.5;
    this.received = this.source.received;
    const remedy = this.recovery.look({ at, position: this.video.currentTime, moves, arriving });
    // Without a network there is nothing to try; "online" begins anew.
    if (remedy && navigator.onLine !== false) {
      if (remedy === "edge" && this.following && this.ahead > this.source.target) this.goLive(false);
      this.source.remedy(remedy);
    }
    this.root.querySelector("[data-note]").hidden = !this.recovery.isLong(at);
    if (this.source.hasEnded && this.started && this.ahead < 0.5 && !this.over) return this.ended();
    this.keepUp();
    this.source.calm();
  }

  // Who follows and fell far behind (a tab asleep, a long stall) is brought to the edge; who rewound is left alone.
  keepUp() {
    const { source, video } = this;
    if (this.speed > 1 && this.ahead < source.target + 2) this.setSpeed(1);
    if (!this.following && !video.paused && !source.hasEnded && this.ahead < source.target + 1) this.following = true;
    if (this.following && !video.paused && !source.hasEnded && this.ahead > source.target + LOST_S) this.goLive(false);
  }

  wake() {
    this.recovery.reset(performance.now());
    if (this.wanted) this.source?.wake();
    this.on.woke();
  }

  // Painting

  changed() {
    this.paintQuality();
    this.paint();
  }

  show(stretches) {
    this.stretches = stretches;
    this.paint();
  }

  paint() {
    const { source, video } = this;
    if (!source) return;
    const now = video.currentTime;
    const loaded = now + this.loadedAhead();
    const talks = talksOn(source.segments, this.stretches, source.edge);
    // The right end of the bar is live, though the picture there is always a little old.
    const shown = this.following && !source.hasEnded ? source.edge : now;
    this.bar.paintLive({ now: shown, loaded, start: source.start, edge: source.edge, talks });
    this.badge.paint({ following: this.following, ended: source.hasEnded, latency: this.latency, ahead: this.ahead });
    this.controls.part("speed").hidden = this.following;
  }

  // Seconds that are loaded from here on.
  loadedAhead() {
    const { buffered, currentTime: now } = this.video;
    let end = now;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= now + 0.5) end = Math.max(end, buffered.end(index));
    }
    return end - now;
  }

  paintQuality() {
    if (!this.source) return;
    const choice = rememberedQuality();
    this.controls.paintQuality(qualityName(choice, true), this.source.levels.length > 0);
    this.root.toggleAttribute("data-sound-only", choice === SOUND_ONLY && this.source.soundOnlyUrl !== null);
  }

  wallAt(position) {
    return this.source ? wallAt(this.source.segments, position) : null;
  }
}

// The player: state and decisions. Drawing is in controls.js and seekbar.js, the stream in source.js.

import { keep, recall } from "../memory.js";
import { say } from "../texts.js";
import { Captions } from "./captions.js";
import { Chapters } from "./chapters.js";
import { Clip } from "./clip.js";
import { Controls, nextSpeed } from "./controls.js";
import { startKeyboard } from "./keyboard.js";
import { Menus } from "./menus.js";
import { clockText, parseMoment } from "./moment.js";
import { Quiet } from "./quiet.js";
import { forgetOld, remember, remembered } from "./resume.js";
import { listenToPicture, toggleFull, togglePip } from "./screen.js";
import { SeekBar } from "./seekbar.js";
import { Sound } from "./sound.js";
import { openSource, prefersNative } from "./source.js";
import { Storyboard } from "./storyboard.js";

const SPEED = "semma.speed";

export class Player {
  constructor(root, playback) {
    this.root = root;
    this.video = root.querySelector("[data-video]");
    this.sessionId = root.dataset.session;
    this.playback = playback;
    this.expected = (playback.duration_ms ?? 0) / 1000;
    this.clip = new Clip(this.video, () => this.controls.tell(say("ended")));
    this.clip.set(playback.clip);
    this.edge = 0;
    this.growing = false;
    this.started = false;
    this.source = null;
    this.storyboard = new Storyboard(playback.storyboard);
    this.menus = new Menus(root);
    this.captions = new Captions(root, this.video, prefersNative(this.video));
    this.controls = new Controls(root, this.menus, this.acts());
    this.sound = new Sound(this.video, this.controls);
    this.seekBar = new SeekBar(root, this.storyboard, (moment) => this.seek(moment));
    this.chapters = new Chapters(root, this.menus, { now: () => this.now, seek: (moment) => this.seek(moment, true) });
    this.setChapters(playback.chapters ?? []);
    this.quiet = new Quiet(root, this.video, this.menus);
    this.help = startKeyboard(root, this.acts());
  }

  get hls() {
    return this.source?.hls ?? null;
  }

  get total() {
    const known = Number.isFinite(this.video.duration) ? this.clip.ofStream(this.video.duration) : 0;
    return this.growing ? Math.max(this.expected, this.edge) : known || this.expected;
  }

  // Where the viewer is, from the talk's start, in seconds.
  get now() {
    return this.clip.now;
  }

  acts() {
    return {
      toggle: () => this.toggle(),
      by: (seconds) => this.by(seconds),
      toShare: (share) => this.seek(share * this.total, true),
      toEnd: () => this.seek(this.total, true),
      full: () => toggleFull(this.root, this.video),
      pip: () => togglePip(this.video),
      mute: () => this.sound.toggle(),
      louder: (step) => this.sound.set(this.video.volume + step, true),
      setVolume: (volume) => this.sound.set(volume),
      captions: () => this.toggleCaptions(),
      captionItems: () => this.captionItems(),
      qualityItems: () => this.qualityItems(),
      speed: (step) => this.setSpeed(nextSpeed(this.video.playbackRate, step)),
      speedNow: () => this.video.playbackRate,
      setSpeed: (speed) => this.setSpeed(speed),
      help: () => this.help(),
      retry: () => this.retry(),
    };
  }

  setChapters(chapters) {
    this.seekBar.setChapters(chapters);
    this.chapters.set(chapters);
  }

  // `at`: the moment a link leads to that says no time itself, or null.
  async start(at = null) {
    this.listen();
    this.recall();
    this.controls.show();
    const linked = parseMoment(new URL(location.href).searchParams.get("t")) ?? at;
    const stopped = linked === null ? remembered(this.sessionId, this.expected) : 0;
    this.video.removeAttribute("controls");
    await this.open(linked ?? stopped);
    if (stopped) this.controls.offerStart(stopped, () => this.seek(0));
    forgetOld();
  }

  async open(startAt) {
    try {
      this.source = await openSource(this.video, this.playback.hls, {
        startAt: this.clip.toStream(startAt),
        on: {
          levels: () => this.paintQuality(),
          level: () => this.paintQuality(),
          extent: (extent) => this.grow(extent),
          trouble: (kind) => this.trouble(kind),
          recovered: () => this.recovered(),
        },
      });
    } catch {
      this.controls.paintTrouble(say("error_unsupported"));
    }
  }

  listen() {
    const { video, controls } = this;
    const paint = () => this.paint();
    for (const name of ["timeupdate", "progress", "durationchange", "seeking", "seeked"]) {
      video.addEventListener(name, paint);
    }
    for (const name of ["play", "pause", "ended"]) {
      video.addEventListener(name, () => {
        this.started ||= name === "play";
        controls.paintPlaying(!video.paused, this.started);
        this.keepPlace();
      });
    }
    video.addEventListener("ended", () => controls.tell(say("ended")));
    for (const name of ["waiting", "seeking"]) video.addEventListener(name, () => controls.paintWaiting(this.started));
    for (const name of ["playing", "canplay", "seeked", "pause"]) {
      video.addEventListener(name, () => controls.paintWaiting(false));
    }
    video.addEventListener("ratechange", () => controls.paintSpeed(video.playbackRate));
    document.addEventListener("fullscreenchange", () => controls.paintFull(document.fullscreenElement === this.root));
    addEventListener("pagehide", () => this.keepPlace());
    setInterval(() => !video.paused && this.keepPlace(), 5000);
    listenToPicture({
      video,
      quiet: this.quiet,
      menus: this.menus,
      started: () => this.started,
      toggle: () => this.toggle(),
      full: () => toggleFull(this.root, video),
    });
  }

  // What this viewer chose before, on any talk.
  recall() {
    this.sound.recall();
    this.video.defaultPlaybackRate = this.video.playbackRate = Number(recall(SPEED)) || 1;
    this.controls.paintSpeed(this.video.playbackRate);
    this.controls.paintCaptions(this.captions.recall());
  }

  paint() {
    const { video } = this;
    const { now } = this;
    let loaded = 0;
    for (let index = 0; index < video.buffered.length; index += 1) {
      const [from, to] = [video.buffered.start(index), video.buffered.end(index)];
      if (from <= video.currentTime + 0.5) loaded = Math.max(loaded, this.clip.ofStream(to));
    }
    const total = this.total;
    this.seekBar.paint({ now, loaded, edge: this.growing ? this.edge : total, total });
    this.controls.paintClock(now, total);
  }

  grow({ edge: reached, growing }) {
    const edge = this.clip.ofStream(reached);
    if (this.growing && !growing) this.controls.tell(say("complete"));
    if (edge !== this.edge) this.storyboard.forget();
    this.edge = edge;
    this.growing = growing;
    this.controls.paintMaking(edge, growing);
    this.paint();
  }

  keepPlace() {
    if (this.started) remember(this.sessionId, this.clip.isOver ? 0 : this.now, this.total);
  }

  toggle() {
    if (this.video.paused && this.clip.isOver) this.video.currentTime = this.clip.toStream(0);
    if (this.video.paused) this.video.play().catch((error) => console.info("semma: play", error.name));
    else this.video.pause();
  }

  seek(moment, aloud = false) {
    const last = this.growing ? this.edge - 1 : this.total - 0.1;
    if (this.growing && moment > this.edge) this.controls.tell(say("beyond", { time: clockText(this.edge) }));
    else if (aloud) this.controls.tell(clockText(moment));
    this.video.currentTime = this.clip.toStream(Math.min(moment, last));
    this.paint();
  }

  by(seconds) {
    this.seek(this.now + seconds, true);
  }

  setSpeed(speed) {
    this.video.playbackRate = this.video.defaultPlaybackRate = speed;
    keep(SPEED, String(speed));
    this.controls.tell(say("speed_is", { speed: `${speed}×` }));
  }

  // Captions

  chooseCaptions(language) {
    const shown = this.captions.choose(language);
    this.controls.paintCaptions(shown);
    this.controls.tell(say("captions_are", { name: shown ?? say("captions_off") }));
  }

  captionItems() {
    const { current, tracks } = this.captions;
    return [
      { label: say("captions_off"), chosen: current === null, choose: () => this.chooseCaptions(null) },
      ...tracks.map((track) => ({
        label: track.label || track.language,
        chosen: track === current,
        choose: () => this.chooseCaptions(track.language),
      })),
    ];
  }

  toggleCaptions() {
    if (this.captions.best !== null) this.chooseCaptions(this.captions.current ? null : this.captions.best);
  }

  // Quality

  paintQuality() {
    const { source } = this;
    if (!source) return;
    const chosen = source.isAuto ? null : source.hls.levels[source.hls.nextLevel];
    const picture = chosen ? `${chosen.height}p` : say("auto");
    const text = source.isSoundOnly ? say("sound_only_short") : picture;
    this.controls.paintQuality(text, source.levels.length > 1 || source.soundOnly !== null);
  }

  get isSoundOnly() {
    return this.source?.isSoundOnly ?? false;
  }

  chooseSoundOnly() {
    this.source.chooseSoundOnly();
    this.paintQuality();
    this.controls.tell(say("quality_is", { name: say("sound_only") }));
  }

  qualityItems() {
    const { source } = this;
    const { isSoundOnly } = source;
    const chosen = isSoundOnly ? null : source.isAuto ? -1 : source.hls.nextLevel;
    const choose = (index) => {
      source.level = index;
      this.paintQuality();
      const level = source.levels.find((one) => one.index === index);
      this.controls.tell(say("quality_is", { name: level ? `${level.height}p` : say("auto") }));
    };
    const now = isSoundOnly ? 0 : source.hls.levels[source.hls.currentLevel]?.height;
    const bare = { label: say("sound_only"), chosen: isSoundOnly, choose: () => this.chooseSoundOnly() };
    return [
      { label: say("auto"), aside: now ? `${now}p` : "", chosen: chosen === -1, choose: () => choose(-1) },
      ...[...source.levels]
        .sort((a, b) => b.height - a.height)
        .map(({ index, height, bitrate }) => ({
          label: `${height}p`,
          aside: `${(bitrate / 1e6).toFixed(1)} Mbit/s`,
          chosen: chosen === index,
          choose: () => choose(index),
        })),
      ...(source.soundOnly ? [bare] : []),
    ];
  }

  // Trouble

  async trouble(kind) {
    if (kind === "network") {
      this.controls.tell(say("error_network"));
      return;
    }
    if ((kind === "access" || kind === "gone") && (await this.renew())) return;
    this.controls.paintTrouble(say(`error_${kind}`));
  }

  recovered() {
    this.renewed = false;
    this.controls.paintTrouble(null);
  }

  // Addresses carry tokens that run out: ask for fresh ones once, and go on where we are.
  async renew() {
    if (this.renewed) return false;
    this.renewed = true;
    const answer = await fetch(`/api/v1/sessions/${encodeURIComponent(this.sessionId)}/playback`).catch(() => null);
    if (!answer?.ok) return false;
    const { now } = this;
    this.playback = await answer.json();
    this.clip.set(this.playback.clip);
    // Captions count from where the stream does, which a better encode may have moved.
    for (const track of this.video.querySelectorAll("track")) track.src = `${track.src.split("?")[0]}?from=${this.clip.from}`;
    this.source.reload(this.playback.hls, this.clip.toStream(now));
    return true;
  }

  retry() {
    this.renewed = false;
    this.controls.paintTrouble(null);
    this.source?.reload(this.playback.hls, this.video.currentTime);
  }
}

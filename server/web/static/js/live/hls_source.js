// A live stream through hls.js: low latency, smooth catching up, and a way back from every fault.

import { keep, recall } from "../memory.js";
import { levelFor, SOUND_ONLY } from "./quality.js";
import { backoff } from "./recovery.js";

const BANDWIDTH = "semma.bandwidth";
const WORKER = new URL("../../vendor/hls.worker.js", import.meta.url).href;
const CATCH_UP_RATE = 1.08; // faster than this is heard
const CALM_MS = 40_000; // so long without a stall, and the distance goes back to what the playlist asks for

function retries(maxNumRetry) {
  return { maxNumRetry, retryDelayMs: 400, maxRetryDelayMs: 2000, backoff: "linear" };
}

function policy(maxTimeToFirstByteMs, errors) {
  const timeoutRetry = { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 };
  return { default: { maxTimeToFirstByteMs, maxLoadTimeMs: 20_000, timeoutRetry, errorRetry: retries(errors) } };
}

function configOf(startAt) {
  return {
    workerPath: WORKER, // a file of ours: the page's CSP allows no blob: workers
    lowLatencyMode: true, // distance from the edge: PART-HOLD-BACK
    maxLiveSyncPlaybackRate: CATCH_UP_RATE,
    liveSyncOnStallIncrease: 0.5,
    liveDurationInfinity: true, // the system's own controls then say "live"
    startPosition: startAt,
    capLevelToPlayerSize: true,
    backBufferLength: 60,
    abrEwmaDefaultEstimate: Number(recall(BANDWIDTH)) || 1_500_000,
    manifestLoadPolicy: policy(10_000, 2),
    playlistLoadPolicy: policy(10_000, 6),
    fragLoadPolicy: policy(10_000, 6),
    enableInterstitialPlayback: false,
    enableDateRangeMetadataCues: false,
    enableWebVTT: false,
    enableIMSC1: false,
    enableCEA708Captions: false,
  };
}

export class HlsLive {
  // `isFollowing()`: whether this viewer keeps to the live edge; `quality`: the remembered choice.
  constructor(Hls, video, url, { on, isFollowing, quality }) {
    Object.assign(this, { Hls, video, url, on, isFollowing, quality });
    this.soundOnlyUrl = null;
    this.asked = 0;
    this.coming = null;
    this.stalls = 0;
    this.attempts = 0;
    this.repairedAt = -Infinity;
    this.stalledAt = performance.now();
    this.kept = { key: "", segments: [] };
    this.begin(-1);
  }

  // Where things are

  get details() {
    return this.hls.latestLevelDetails ?? null;
  }

  get levels() {
    if (this.isSoundOnly) return this.pictureLevels ?? [];
    return this.hls.levels.map((level) => ({ height: level.height, bitrate: level.bitrate }));
  }

  get heightNow() {
    return this.isSoundOnly ? 0 : (this.hls.levels[this.hls.currentLevel]?.height ?? 0);
  }

  get isSoundOnly() {
    return this.soundOnlyUrl !== null && this.hls.url === this.soundOnlyUrl;
  }

  get start() {
    return this.details?.fragments[0]?.start ?? 0;
  }

  get edge() {
    return this.details?.edge ?? 0;
  }

  get target() {
    return this.hls.targetLatency ?? 2;
  }

  get hasEnded() {
    return this.details !== null && !this.details.live;
  }

  // Changes whenever something comes.
  get received() {
    return `${this.asked}:${this.coming?.stats.loaded ?? 0}`;
  }

  get livePosition() {
    return this.hls.liveSyncPosition ?? Math.max(this.start, this.edge - this.target);
  }

  get segments() {
    const { details } = this;
    if (!details) return [];
    const key = `${details.url}:${details.startSN}:${details.endSN}`;
    if (key !== this.kept.key) {
      const dated = details.fragments.filter((one) => one.programDateTime);
      const segments = dated.map(({ start, duration, programDateTime: wall }) => ({ start, duration, wall }));
      this.kept = { key, segments };
    }
    return this.kept.segments;
  }

  // What the viewer wants

  choose(choice) {
    this.quality = choice;
    if ((choice === SOUND_ONLY) !== this.isSoundOnly) {
      if (choice !== SOUND_ONLY || this.soundOnlyUrl) this.load(this.placeToGoOn());
      return;
    }
    const level = levelFor(choice, this.levels);
    // At the edge there is nothing buffered to throw away.
    if (this.isFollowing()) this.hls.loadLevel = level;
    else this.hls.nextLevel = level;
  }

  catchUp(wanted) {
    this.hls.config.maxLiveSyncPlaybackRate = wanted ? CATCH_UP_RATE : 1;
  }

  // Every stall moved the viewer a little further from the edge; after a calm while that is taken back.
  calm() {
    const asked = this.details?.partHoldBack;
    if (!asked || performance.now() - this.stalledAt < CALM_MS) return;
    if (this.hls.targetLatency > asked + 0.1) this.hls.targetLatency = asked;
  }

  // Another broadcast of the same room.
  follow(url) {
    this.url = url;
    this.soundOnlyUrl = null;
    this.load(-1);
  }

  // Loading

  begin(startAt) {
    this.hls = new this.Hls(configOf(startAt));
    this.listen();
    this.hls.loadSource(this.url);
    this.hls.attachMedia(this.video);
  }

  placeToGoOn() {
    return this.isFollowing() || this.hasEnded ? -1 : this.video.currentTime;
  }

  load(startAt) {
    clearTimeout(this.retry);
    this.on.interrupted();
    this.hls.config.startPosition = startAt;
    const soundOnly = this.quality === SOUND_ONLY && this.soundOnlyUrl;
    this.hls.loadSource(soundOnly || this.url);
  }

  listen() {
    const { Events } = this.Hls;
    const { hls } = this;
    hls.on(Events.MANIFEST_LOADED, (_, data) => this.learn(data));
    hls.on(Events.MANIFEST_PARSED, () => this.settle());
    hls.on(Events.LEVEL_SWITCHED, () => this.on.levels());
    hls.on(Events.LEVEL_UPDATED, () => this.on.changed());
    hls.on(Events.FRAG_LOADING, (_, { frag, part }) => {
      this.asked += 1;
      this.coming = part ?? frag;
    });
    hls.on(Events.FRAG_BUFFERED, () => {
      this.attempts = 0;
      if (!this.isSoundOnly) keep(BANDWIDTH, String(Math.round(hls.bandwidthEstimate)));
    });
    hls.on(Events.ERROR, (_, data) => {
      if (data.details === this.Hls.ErrorDetails.BUFFER_STALLED_ERROR) {
        this.stalls += 1;
        this.stalledAt = performance.now();
      }
      if (data.fatal) this.fail(data);
    });
  }

  // The variant without picture; hls.js leaves it out of its levels as soon as others have pictures.
  learn({ levels, audioTracks }) {
    if (this.isSoundOnly) return;
    const bare = levels.find((level) => !level.videoCodec && !level.width);
    this.soundOnlyUrl = bare?.url ?? audioTracks.find((track) => track.url)?.url ?? null;
    this.pictureLevels = levels.filter((level) => level.height).map(({ height, bitrate }) => ({ height, bitrate }));
  }

  settle() {
    if (this.quality === SOUND_ONLY && this.soundOnlyUrl && !this.isSoundOnly) return this.load(this.hls.config.startPosition);
    this.hls.loadLevel = levelFor(this.quality, this.isSoundOnly ? [] : this.levels);
    this.on.levels();
  }

  // Faults

  fail(data) {
    const status = data.response?.code ?? 0;
    if (data.type !== this.Hls.ErrorTypes.NETWORK_ERROR) return this.remedy("media");
    if ([401, 403, 404, 410].includes(status)) this.on.refused(status);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.again(), backoff(this.attempts));
    this.attempts += 1;
  }

  again() {
    if (this.details && this.attempts < 4) this.hls.startLoad(this.placeToGoOn());
    else this.load(this.placeToGoOn());
  }

  remedy(name) {
    if (name === "edge") this.hls.startLoad(this.placeToGoOn());
    else if (name === "media") this.repair();
    else if (name === "reload") this.load(this.placeToGoOn());
    else this.renew();
  }

  repair() {
    const now = performance.now();
    if (now - this.repairedAt < 8000) return this.renew();
    this.repairedAt = now;
    this.on.interrupted();
    this.hls.recoverMediaError();
  }

  renew() {
    const startAt = this.placeToGoOn();
    this.on.interrupted();
    this.destroy();
    this.soundOnlyUrl = null;
    this.begin(startAt);
  }

  // After sleep, or when the network is back: do not wait for the next attempt.
  wake() {
    this.attempts = 0;
    clearTimeout(this.retry);
    if (!this.hls.levels.length) this.load(-1);
    else if (!this.hasEnded) this.hls.startLoad(this.placeToGoOn());
  }

  destroy() {
    clearTimeout(this.retry);
    this.hls.destroy();
  }
}

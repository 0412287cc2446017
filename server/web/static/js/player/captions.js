// Captions: which track is on, and its words over the picture, above the controls while these are shown.

import { keep, recall } from "../memory.js";

const CHOSEN = "semma.captions";

export class Captions {
  // `native`: the browser draws them itself (Apple's own full screen shows nothing else).
  constructor(root, video, native) {
    this.video = video;
    this.place = root.querySelector("[data-words]");
    this.mode = native ? "showing" : "hidden";
    for (const track of this.tracks) track.addEventListener("cuechange", () => this.draw());
  }

  get tracks() {
    return [...this.video.textTracks].filter((track) => track.kind === "captions");
  }

  get current() {
    return this.tracks.find((track) => track.mode === this.mode) ?? null;
  }

  // What this viewer chose before, on any talk.
  recall() {
    return this.show(recall(CHOSEN));
  }

  // Switches to a language, or off with null; returns the name of what is on.
  choose(language) {
    keep(CHOSEN, language);
    return this.show(language);
  }

  show(language) {
    for (const track of this.tracks) track.mode = track.language === language ? this.mode : "disabled";
    this.draw();
    return this.current ? this.current.label || this.current.language : null;
  }

  // The language to switch on when none was chosen: the page's own if there is one.
  get best() {
    const own = this.tracks.find((track) => track.language.startsWith(document.documentElement.lang));
    return (own ?? this.tracks[0])?.language ?? null;
  }

  draw() {
    const cues = this.mode === "hidden" ? [...(this.current?.activeCues ?? [])] : [];
    this.place.replaceChildren(
      ...cues.map((cue) => {
        const line = document.createElement("p");
        const words = document.createElement("span");
        words.append(cue.getCueAsHTML()); // parsed by the browser: WebVTT knows no scripts and no addresses
        line.append(words);
        return line;
      }),
    );
    if (this.current) this.place.lang = this.current.language;
  }
}

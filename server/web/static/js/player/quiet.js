// Controls that step back while one watches, and return at the first move, touch or key.

const AFTER_MS = 2800;

export class Quiet {
  constructor(root, video, menus) {
    this.root = root;
    this.video = video;
    this.menus = menus;
    this.timer = null;
    for (const name of ["pointermove", "keydown", "focusin"]) root.addEventListener(name, () => this.wake());
    root.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.settle(400));
    video.addEventListener("pause", () => this.wake());
    video.addEventListener("play", () => this.wake());
  }

  get isQuiet() {
    return "quiet" in this.root.dataset;
  }

  wake() {
    delete this.root.dataset.quiet;
    this.settle(AFTER_MS);
  }

  settle(after) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const busy = this.video.paused || this.menus.isOpen || this.root.querySelector(".bar :focus-visible, .bar :hover");
      if (busy) return this.settle(AFTER_MS);
      this.root.dataset.quiet = "";
    }, after);
  }
}

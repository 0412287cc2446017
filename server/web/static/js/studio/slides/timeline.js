// The timeline: the recording's pictures over the cues, borders to drag, the head. It draws and hears; what is done is
// decided by the editor.

import { say } from "../../texts.js";
import { bordersOf } from "./edit.js";
import { cueMark, cueText, decksMark, make, pageOf, picture, shortName } from "./names.js";
import { kindOf } from "./needs.js";
import { clock, Scale, snapped } from "./scale.js";
import { Strip } from "./strip.js";

const SNAP_PX = 9;
const MARKS = { hand: "✎", fair: "?", unsure: "??", unknown: "?" }; // what the colour says, without colour

export class Timeline {
  // `on`: seek(ms), choose(cue), move(border, to), dragging(ms), nudge(border, by), zoomed().
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.scroller = root.querySelector("[data-scroll]");
    this.line = root.querySelector("[data-line]");
    this.box = root.querySelector("[data-blocks]");
    this.handles = root.querySelector("[data-handles]");
    this.doubts = root.querySelector("[data-doubts]");
    this.head = root.querySelector("[data-head]");
    this.tip = root.querySelector("[data-tip]");
    this.scale = new Scale();
    this.canvas = root.querySelector("canvas");
    this.strip = new Strip(this.canvas, this.scale, () => this.drawStrip());
    this.snaps = { scenes: [], tiles: [] }; // moments in ms
    this.shown = { cues: [], unsure: [], decks: [] };
    this.now = 0;
    this.drag = null;
    this.mark = "";
    this.selected = -1;
    this.listen();
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.drawStrip(), { passive: true });
    new ResizeObserver(() => this.fit()).observe(this.scroller);
    this.canvas.addEventListener("pointerdown", (event) => this.startSeek(event));
    this.box.addEventListener("click", (event) => {
      const block = event.target.closest("[data-at]");
      if (block) this.on.choose(this.shown.cues[Number(block.dataset.at)]);
    });
    this.handles.addEventListener("pointerdown", (event) => this.startDrag(event));
    this.handles.addEventListener("keydown", (event) => this.nudge(event));
    this.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  setTotal(total) {
    this.scale.total = Math.max(1, total);
    this.fit();
  }

  fit() {
    const width = this.scroller.clientWidth;
    if (!width) return;
    this.canvas.style.width = `${width}px`; // it stays in the window while the line moves under it
    this.scale.width = width;
    this.scale.setZoom(this.scale.zoom);
    this.layOut();
  }

  // `share`: 0 all of it, 1 as near as can be. The head stays where it is in the window, when it is in it.
  zoomTo(share, anchor = this.now) {
    const { scale, scroller } = this;
    const before = scale.x(anchor) - scroller.scrollLeft;
    scale.share = Math.min(1, Math.max(0, share));
    this.layOut();
    const inside = before >= 0 && before <= scale.width;
    scroller.scrollLeft = scale.x(anchor) - (inside ? before : scale.width / 2);
    this.drawStrip();
    this.on.zoomed();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomTo(this.scale.share - event.deltaY / 800, this.msAt(event));
  }

  msAt(event) {
    return this.scale.ms(event.clientX - this.line.getBoundingClientRect().left);
  }

  // `chosen`: the cue in hand; `need`: the unsure stretch in hand. Blocks are made anew only when cues changed.
  show({ cues, unsure, decks, chosen, need }) {
    this.shown = { cues, unsure, decks, chosen, need };
    if (this.drag) return; // drawn anew when it is dropped
    const mark = `${decksMark(decks)}|${cues.map(cueMark).join()}`;
    const isNew = mark !== this.mark;
    this.mark = mark;
    if (isNew) this.build(cues);
    this.doubts.replaceChildren(...unsure.map((one) => this.doubt(one)));
    this.select(cues.indexOf(chosen));
    if (isNew) this.layOut();
    else for (const doubt of this.doubts.children) this.place(doubt, doubt.stretch);
  }

  build(cues) {
    const focused = this.handles.contains(document.activeElement);
    this.box.replaceChildren(...cues.map((cue, index) => this.block(cue, index)));
    this.handles.replaceChildren(...bordersOf(cues).map((border) => this.handle(border)));
    this.selected = -1;
    this.refocus = focused;
  }

  // The block in hand, and the border at which it begins.
  select(index) {
    const mark = (at, is) => {
      this.box.children[at]?.setAttribute("aria-selected", String(is));
      const handle = this.handles.children[at - 1];
      if (!handle) return;
      handle.tabIndex = is ? 0 : -1;
      handle.dataset.chosen = String(is);
    };
    if (this.selected !== index) mark(this.selected, false);
    mark(index, true);
    this.selected = index;
    if (index >= 0) this.box.setAttribute("aria-activedescendant", `block-${index}`);
    if (this.refocus) this.handles.children[index - 1]?.focus();
    this.refocus = false;
  }

  block(cue, index) {
    const { decks } = this.shown;
    const kind = kindOf(cue);
    const number = make("span", { className: "number" }, shortName(decks, cue.deck, cue.page));
    const mark = MARKS[kind] && make("span", { className: "mark-of", textContent: MARKS[kind] });
    return make(
      "div",
      {
        className: "block",
        title: cueText(decks, cue),
        id: `block-${index}`,
        dataset: { at: index, kind },
        attributes: { role: "option", "aria-selected": "false", "aria-label": cueText(decks, cue) },
      },
      picture(cue.page === null ? null : pageOf(decks, cue.deck, cue.page)),
      make("span", { className: "tag" }, number, mark || ""),
    );
  }

  handle(border) {
    const { decks } = this.shown;
    const element = make("div", {
      className: "handle",
      tabIndex: -1,
      attributes: {
        role: "slider",
        "aria-label": say("border_of", { page: shortName(decks, border.right.deck, border.right.page) }),
        "aria-valuemin": String(border.min),
        "aria-valuemax": String(border.max),
        "aria-valuenow": String(border.ms),
        "aria-valuetext": clock(border.ms),
      },
    });
    element.border = border;
    return element;
  }

  doubt(one) {
    const { need } = this.shown;
    const isNeed = need && need.start_ms === one.start_ms && need.end_ms === one.end_ms;
    return Object.assign(make("div", { className: "doubt", dataset: { chosen: String(Boolean(isNeed)) } }), { stretch: one });
  }

  layOut() {
    const { scale } = this;
    this.line.style.width = `${scale.length}px`;
    const { cues } = this.shown;
    for (const [index, block] of [...this.box.children].entries()) this.place(block, cues[index]);
    for (const handle of this.handles.children) handle.style.left = `${scale.x(handle.border.ms)}px`;
    for (const mark of this.doubts.children) this.place(mark, mark.stretch);
    this.setNow(this.now);
    this.drawStrip();
  }

  place(element, { start_ms: start, end_ms: end }) {
    element.style.left = `${this.scale.x(start)}px`;
    element.style.width = `${Math.max(1, this.scale.x(end - start))}px`;
  }

  drawStrip() {
    this.strip.draw(this.scroller.scrollLeft);
  }

  setNow(ms, { follow = false } = {}) {
    this.now = ms;
    const x = this.scale.x(ms);
    this.head.style.transform = `translateX(${x}px)`;
    if (follow && !this.drag) this.bringIntoView(x);
  }

  bringIntoView(x) {
    const { scroller, scale } = this;
    const left = scroller.scrollLeft;
    if (x < left || x > left + scale.width - 24) scroller.scrollLeft = x - scale.width * 0.2;
  }

  startSeek(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    const seek = (moved) => this.on.seek(this.msAt(moved));
    const end = () => {
      this.canvas.removeEventListener("pointermove", seek);
      for (const name of ["pointerup", "pointercancel"]) this.canvas.removeEventListener(name, end);
    };
    this.canvas.addEventListener("pointermove", seek);
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, end);
    seek(event);
  }

  // A border under the pointer until it is let go; Escape puts it back. Alt: without snapping.
  startDrag(event) {
    const handle = event.target.closest(".handle");
    if (!handle || event.button) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const at = [...this.handles.children].indexOf(handle);
    const blocks = [this.box.children[at], this.box.children[at + 1]];
    this.drag = { handle, border: handle.border, blocks, ms: handle.border.ms, head: this.now };
    handle.dataset.held = "";
    const stop = new AbortController();
    const end = (keep) => {
      stop.abort();
      this.drop(keep);
    };
    const { signal } = stop;
    handle.addEventListener("pointermove", (moved) => this.dragTo(moved), { signal });
    handle.addEventListener("pointerup", () => end(true), { signal });
    handle.addEventListener("pointercancel", () => end(false), { signal });
    document.addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal });
  }

  dragTo(event) {
    const { handle, border, blocks, head } = this.drag;
    const { scale, snaps } = this;
    const reach = event.altKey ? 0 : SNAP_PX / scale.pxPerMs;
    const asked = snapped(this.msAt(event), reach, [head], snaps.scenes, snaps.tiles);
    const ms = Math.round(Math.min(border.max, Math.max(border.min, asked)));
    this.drag.ms = ms;
    handle.style.left = `${scale.x(ms)}px`;
    this.place(blocks[0], { ...border.left, end_ms: ms });
    this.place(blocks[1], { ...border.right, start_ms: ms });
    this.showTip(ms);
    this.on.dragging(ms);
  }

  showTip(ms) {
    this.tip.hidden = false;
    this.tip.textContent = clock(ms);
    this.tip.style.left = `${this.scale.x(ms)}px`;
  }

  drop(keep) {
    const { border, ms, handle } = this.drag;
    this.drag = null;
    this.tip.hidden = true;
    delete handle.dataset.held;
    this.mark = ""; // what was dragged is drawn as it is now
    if (keep && ms !== border.ms) this.on.move(border, ms);
    else this.show(this.shown);
  }

  // A focused border: arrows a tenth of a second, page keys a whole one.
  nudge(event) {
    const by = { ArrowLeft: -100, ArrowRight: 100, ArrowDown: -100, ArrowUp: 100, PageUp: 1000, PageDown: -1000 }[event.key];
    const { border } = event.target;
    if (!by || !border || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.on.nudge(border, event.shiftKey ? by * 10 : by);
  }
}

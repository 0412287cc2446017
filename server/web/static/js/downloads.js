// The menu of files to download: what there is, what can be made, how far what is being made is.

import { call } from "./api.js";
import { follow } from "./changes.js";
import { language, say } from "./texts.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

export function sizeText(bytes, tongue = language) {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  const digits = unit > 1 && value < 100 ? 1 : 0;
  return new Intl.NumberFormat(tongue, {
    style: "unit",
    unit: UNITS[unit],
    maximumFractionDigits: digits,
  }).format(value);
}

export function nameOf(item, tongue = language) {
  if (item.kind === "video") return say("download_video", { quality: item.rung });
  if (item.kind === "audio") return say("download_audio");
  if (item.kind === "slides") return item.filename;
  const named = item.label || new Intl.DisplayNames([tongue], { type: "language" }).of(item.language || "und");
  return say("download_captions", { language: named, form: item.filename.split(".").at(-1).toUpperCase() });
}

function sizeOf(item) {
  if (!item.size_bytes) return "";
  const text = sizeText(item.size_bytes);
  return item.state === "ready" ? text : say("download_about", { size: text });
}

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

class DownloadMenu {
  constructor(box) {
    this.box = box;
    this.path = `/api/v1/sessions/${encodeURIComponent(box.dataset.downloads)}/downloads`;
    this.list = box.querySelector("[data-download-list]");
    this.note = box.querySelector("[data-download-note]");
    this.wanted = new Set(); // rungs to save as soon as they are there
    this.stop = null;
    box.hidden = false;
    box.addEventListener("toggle", () => (box.open ? this.open() : this.rest()));
  }

  async open() {
    this.stop ??= follow(
      this.box.dataset.event,
      (change) => change.kind === "download" && change.session === this.box.dataset.downloads && this.load(),
      () => this.load(),
    );
  }

  // Closed, nothing is asked any more, unless something is waited for.
  rest() {
    if (this.wanted.size) return;
    this.stop?.();
    this.stop = null;
  }

  async load() {
    try {
      const { data } = await call("GET", this.path);
      this.show(data.items);
    } catch (error) {
      this.note.textContent = error.message;
    }
  }

  show(items) {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.list.replaceChildren(...items.map((item) => this.row(item)));
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    if (!items.length) this.note.textContent = say("download_none");
    else if (!this.wanted.size) this.note.textContent = "";
    for (const item of items) if (this.wanted.has(item.rung)) this.settle(item);
  }

  // What somebody asked for is saved when it is there, and said aloud.
  settle(item) {
    if (item.state === "ready") {
      this.wanted.delete(item.rung);
      this.note.textContent = say("download_ready", { name: nameOf(item) });
      location.assign(item.url); // an attachment: the page stays
    } else if (item.state === "failed") {
      this.wanted.delete(item.rung);
      this.note.textContent = say("download_failed", { why: item.error?.detail ?? "" });
    }
  }

  row(item) {
    const row = element("li");
    const key = item.rung || item.url;
    let box;
    if (item.state === "ready") {
      box = element("a", "", { href: item.url, download: item.filename });
    } else if (item.state === "making") {
      box = element("div", "", { class: "making", tabindex: "-1" });
    } else {
      box = element("button", "", { type: "button" });
      box.addEventListener("click", () => this.order(item));
    }
    box.dataset.key = key;
    box.append(element("span", nameOf(item)), element("span", sizeOf(item), { class: "size" }));
    if (item.state === "making") {
      const label = say("download_making", { name: nameOf(item) });
      box.append(element("progress", "", { max: "1", value: item.progress, "aria-label": label }));
    }
    row.append(box);
    return row;
  }

  async order(item) {
    this.wanted.add(item.rung);
    this.note.textContent = say("download_making", { name: nameOf(item) });
    try {
      await call("POST", this.path, { body: { rung: item.rung } });
      await this.load();
    } catch (error) {
      this.wanted.delete(item.rung);
      this.note.textContent = error.message;
    }
  }
}

export function startDownloads() {
  for (const box of document.querySelectorAll("[data-downloads]")) new DownloadMenu(box);
}

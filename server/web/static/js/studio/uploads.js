// Uploads through tus: several at once, paused, resumed, cancelled; taken up again after a reload.

import { keysOf } from "../memory.js";
import { csrfToken, problemOf } from "../api.js";
import { say } from "../texts.js";

const ENDPOINT = "/api/v1/uploads";
const AT_ONCE = 3;

let tusReady = null;

function loadTus() {
  tusReady ??= import("../../vendor/tus.min.js").then(() => globalThis.tus);
  return tusReady;
}

function sizeText(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const form = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: value < 10 ? 1 : 0 });
  return `${form.format(value)} ${units[unit]}`;
}

function timeText(seconds) {
  const minutes = Math.round(seconds / 60);
  return minutes < 1 ? say("under_a_minute") : say("minutes", { minutes });
}

// How a file's upload is known again after a reload; recordings kept the short form.
function keyOf(sessionId, purpose) {
  return purpose === "recording" ? `semma|${sessionId}` : `semma-${purpose}|${sessionId}`;
}

class Transfer {
  constructor(file, { sessionId, purpose, slot, language }, place, queue) {
    this.file = file;
    this.sessionId = sessionId;
    this.purpose = purpose;
    this.slot = slot; // of the deck it replaces, "new", or empty: as the server sees fit
    this.language = language; // of captions
    this.queue = queue;
    this.state = "waiting";
    this.upload = null;
    this.row = this.draw();
    place.append(this.row);
  }

  draw() {
    const row = document.createElement("div");
    row.className = "transfer";
    const name = Object.assign(document.createElement("span"), { className: "name", textContent: this.file.name });
    this.progress = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    this.progress.setAttribute("aria-label", this.file.name);
    this.says = Object.assign(document.createElement("p"), { className: "says" });
    const buttons = Object.assign(document.createElement("span"), { className: "row" });
    this.pauseButton = this.button(say("pause_upload"), () => this.pauseOrGoOn());
    this.cancelButton = this.button(say("cancel_upload"), () => this.cancel());
    buttons.append(this.pauseButton, this.cancelButton);
    row.append(name, buttons, this.progress, this.says);
    return row;
  }

  button(text, run) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: text });
    button.addEventListener("click", run);
    return button;
  }

  set(state, text) {
    this.state = state;
    this.row.dataset.state = state;
    this.says.textContent = text;
    this.pauseButton.hidden = !["running", "waiting", "paused", "failed"].includes(state);
    this.pauseButton.textContent = { paused: say("go_on"), failed: say("try_again") }[state] ?? say("pause_upload");
    this.cancelButton.textContent = state === "finished" ? say("close") : say("cancel_upload");
  }

  async start() {
    this.set("running", say("connecting"));
    const tus = await loadTus();
    if (this.state !== "running") return;
    this.upload ??= new tus.Upload(this.file, {
      endpoint: ENDPOINT,
      headers: { "X-CSRF-Token": csrfToken() },
      metadata: this.metadata(),
      retryDelays: [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000],
      removeFingerprintOnSuccess: true,
      fingerprint: async (file) => [keyOf(this.sessionId, this.purpose), file.name, file.size, file.lastModified, this.language].filter((part) => part !== "").join("|"),
      onProgress: (sent, all) => this.show(sent, all),
      onSuccess: () => this.finish(),
      onError: (error) => this.fail(error),
    });
    const previous = await this.upload.findPreviousUploads();
    if (previous.length) this.upload.resumeFromPreviousUpload(previous[0]);
    if (this.state === "running") this.upload.start();
  }

  metadata() {
    const about = { session: this.sessionId, purpose: this.purpose, filename: this.file.name, filetype: this.file.type };
    const more = { slot: this.slot, language: this.language };
    return { ...about, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value)) };
  }

  show(sent, all) {
    if (this.state !== "running") return;
    const now = performance.now();
    this.pace ??= { at: now, sent };
    const perSecond = ((sent - this.pace.sent) / (now - this.pace.at)) * 1000;
    this.progress.value = all ? sent / all : 1;
    const parts = [`${Math.floor((sent / all) * 100)} %`, say("sent_of", { sent: sizeText(sent), all: sizeText(all) })];
    if (perSecond > 0 && now - this.pace.at > 1500) parts.push(say("left", { time: timeText((all - sent) / perSecond) }));
    this.says.textContent = parts.join(" · ");
  }

  finish() {
    this.progress.value = 1;
    this.set("finished", say({ slides: "uploaded_slides", captions: "uploaded_captions" }[this.purpose] ?? "uploaded"));
    this.queue.done(this);
  }

  fail(error) {
    const answer = error.originalResponse;
    const text = answer ? problemOf(answer.getBody() ?? "", answer.getStatus()).message : say("upload_lost");
    this.set("failed", text || say("upload_lost"));
    this.pace = null;
    this.queue.next();
  }

  async pauseOrGoOn() {
    if (this.state === "running" || this.state === "waiting") {
      this.set("paused", say("paused"));
      this.pace = null;
      await this.upload?.abort();
      this.queue.next();
    } else {
      this.set("waiting", say("waiting"));
      this.queue.next();
    }
  }

  async cancel() {
    const finished = this.state === "finished";
    this.set("cancelled", "");
    this.row.remove();
    // true: also tell the server, so that what it has is freed.
    if (!finished) await this.upload?.abort(true).catch(() => {});
    this.queue.drop(this);
  }
}

class Queue {
  constructor(onFinished) {
    this.transfers = [];
    this.onFinished = onFinished;
    addEventListener("beforeunload", (event) => {
      if (this.transfers.some((one) => one.state === "running")) event.preventDefault();
    });
  }

  add(transfer) {
    this.transfers.push(transfer);
    transfer.set("waiting", say("waiting"));
    this.next();
  }

  next() {
    const running = this.transfers.filter((one) => one.state === "running").length;
    const waiting = this.transfers.filter((one) => one.state === "waiting");
    for (const transfer of waiting.slice(0, Math.max(0, AT_ONCE - running))) transfer.start();
  }

  done() {
    this.onFinished();
    this.next();
  }

  drop(transfer) {
    this.transfers = this.transfers.filter((one) => one !== transfer);
    this.next();
  }
}

// Uploads begun before and not finished: their file has to be chosen again, then they go on.
function showUnfinished(place, begun) {
  for (const key of keysOf(`tus::${begun}|`)) {
    const name = key.slice(`tus::${begun}|`.length).split("|")[0];
    const note = Object.assign(document.createElement("p"), { className: "notice", textContent: say("unfinished", { name }) });
    place.append(note);
  }
}

export function startUploads(box, { onFinished }) {
  const about = { sessionId: box.dataset.uploads, purpose: box.dataset.purpose ?? "recording", slot: box.dataset.slot ?? "" };
  const place = box.querySelector("[data-transfers]");
  const drop = box.querySelector("[data-drop]");
  const queue = new Queue(onFinished);
  const take = (files, slot = about.slot) => {
    for (const note of place.querySelectorAll(".notice")) note.remove();
    const language = box.querySelector("[data-language]")?.value ?? "";
    for (const file of files) queue.add(new Transfer(file, { ...about, slot, language }, place, queue));
  };
  showUnfinished(place, keyOf(about.sessionId, about.purpose));
  // Each deck has a field of its own for what shall replace it; they come and go with the decks.
  box.addEventListener("change", (event) => {
    if (!event.target.matches("[data-files]")) return;
    take([...event.target.files], event.target.dataset.slot);
    event.target.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => delete drop.dataset.over);
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

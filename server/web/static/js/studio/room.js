// A room in the studio: new keys shown once, passphrases on request, a preview without sound.

import { call } from "../api.js";
import { secondsText } from "../live/badge.js";
import { Recovery } from "../live/recovery.js";
import { openLive } from "../live/source.js";
import { wallAt } from "../live/timeline.js";
import { say } from "../texts.js";
import { ask } from "./ask.js";
import { showProblem } from "./forms.js";
import { refresh } from "./refresh.js";
import { toast } from "./toasts.js";

const page = document.querySelector("[data-room]");
const room = page.dataset.room;

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("copied"));
  } catch {
    toast(say("copy_failed"), { bad: true });
  }
}

// Keys

async function makeKey(form) {
  const { role, older } = Object.fromEntries(new FormData(form));
  const body = { role, rotate: older !== "keep" };
  if (older !== "keep") body.overlap_s = Number(older);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const { data: key } = await call("POST", `/api/v1/rooms/${room}/keys`, { body });
    showSecret(key);
    showProblem(form, null);
    await refresh();
  } catch (error) {
    showProblem(form, error);
  } finally {
    button.disabled = false;
  }
}

function showSecret(key) {
  const box = page.querySelector("[data-secret]");
  box.hidden = false;
  box.querySelector("[data-secret-text]").value = key.secret;
  for (const place of page.querySelectorAll("[data-key-here]")) place.textContent = key.secret;
  box.querySelector("[data-secret-text]").focus();
  box.querySelector("[data-secret-text]").select();
}

// SRT doors: in the page only once somebody asks

async function showDoors() {
  const { data } = await call("GET", `/api/v1/rooms/${room}/srt`);
  for (const door of data.items) showDoor(door);
  page.querySelector("[data-doors-ask]").hidden = true;
}

function showDoor(door) {
  const box = page.querySelector(`[data-door="${door.role}"]`);
  box.hidden = false;
  for (const name of ["url", "passphrase", "port"]) box.querySelector(`[data-door-${name}]`).value = door[name];
}

async function rotateDoor(role, drop) {
  const { data } = await call("POST", `/api/v1/rooms/${room}/srt/rotate`, { body: { role, drop } });
  showDoor(data);
  toast(say("done"));
}

// The preview

class Preview {
  constructor(box) {
    this.video = box.querySelector("video");
    this.text = box.querySelector("[data-preview-text]");
    this.recovery = new Recovery();
    this.source = null;
    setInterval(() => this.tick(), 1000);
  }

  async start(url) {
    this.video.muted = true;
    this.source = await openLive(this.video, url, {
      quality: "saver",
      isFollowing: () => true,
      on: { changed() {}, levels() {}, interrupted() {}, refused() {} },
    });
    this.video.addEventListener("canplay", () => this.video.play().catch(() => {}));
  }

  tick() {
    const { source, video } = this;
    if (!source) return;
    const moves = !document.hidden && !source.hasEnded;
    const remedy = this.recovery.look({ at: performance.now(), position: video.currentTime, moves });
    if (remedy) source.remedy(remedy);
    if (source.edge - video.currentTime > source.target + 6 && !source.hasEnded) video.currentTime = source.livePosition;
    const wall = wallAt(source.segments, video.currentTime);
    this.text.textContent = wall === null ? "" : secondsText(Math.max(0, (Date.now() - wall) / 1000));
  }

  stop() {
    this.source?.destroy();
    this.source = null;
    this.text.textContent = "";
  }
}

const previewBox = page.querySelector("[data-preview]");
const preview = new Preview(previewBox);
let shown = "";

// Starts and ends with the broadcast; which one is on is in the part of the page that is kept fresh.
function followBroadcast() {
  const on = page.querySelector("[data-on-air]");
  const broadcast = on?.dataset.onAir ?? "";
  if (broadcast === shown) return;
  shown = broadcast;
  preview.stop();
  previewBox.hidden = !broadcast;
  if (broadcast) preview.start(on.dataset.stream);
}

page.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-key]");
  if (!form) return;
  event.preventDefault();
  makeKey(form);
});

async function askAndRotate({ rotate, drop, sure }) {
  if (sure && !(await ask(sure))) return;
  await rotateDoor(rotate, drop === "true");
}

page.addEventListener("click", (event) => {
  const on = (name) => event.target.closest(`[data-${name}]`);
  const complain = (error) => toast(error.message, { bad: true });
  if (on("copy")) {
    const from = page.querySelector(on("copy").dataset.copy);
    copy(from.value ?? from.textContent);
  } else if (on("doors-ask")) showDoors().catch(complain);
  else if (on("switch")) page.querySelector("[data-choose-talk]").value = ""; // chosen once, done once
  else if (on("rotate")) askAndRotate(on("rotate").dataset).catch(complain);
});

// "Switch to it" follows the choice beside it.
page.addEventListener("change", (event) => {
  const choice = event.target.closest("[data-choose-talk]");
  if (!choice) return;
  const button = page.querySelector("[data-switch]");
  button.dataset.with = JSON.stringify({ session: choice.value });
  button.disabled = !choice.value;
});

new MutationObserver(followBroadcast).observe(page.querySelector('[data-live="air"]'), { childList: true, subtree: true });
followBroadcast();

// The studio's pages: forms and buttons that speak to the API, boards that follow what happens.

import { call } from "./api.js";
import { follow } from "./changes.js";
import { ask } from "./studio/ask.js";
import { startDeckOrder } from "./studio/deck_order.js";
import { refresh } from "./studio/refresh.js";
import { fieldsOf, showProblem } from "./studio/forms.js";
import { toast } from "./studio/toasts.js";
import { startUploads } from "./studio/uploads.js";
import { say } from "./texts.js";

const board = document.querySelector("[data-board]");

function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
}

async function send(form) {
  const [method, path] = form.dataset.api.split(" ");
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const body = { ...fieldsOf(form, board?.dataset.zone), ...JSON.parse(form.dataset.with ?? "{}") };
    const { data: made, version } = await call(method, path, { body, version: form.dataset.version });
    showProblem(form, null);
    if (form.dataset.version && version) form.dataset.version = version;
    if (form.dataset.then && fill(form.dataset.then, made) !== location.pathname) {
      location.assign(fill(form.dataset.then, made));
    } else {
      if (method === "POST") form.reset();
      toast(form.dataset.done ?? say("done"));
      await refresh();
    }
  } catch (error) {
    showProblem(form, error);
  } finally {
    button.disabled = false;
  }
}

async function act(button) {
  const run = async (what, body) => {
    const [method, path] = what.split(" ");
    await call(method, path, { body: body && JSON.parse(body) });
  };
  if (button.dataset.ask && !(await ask(button.dataset.ask))) return;
  button.disabled = true;
  try {
    await run(button.dataset.act, button.dataset.with);
    // What stands in forms is not swapped: a page whose fields were changed is loaded anew.
    if (button.dataset.reload !== undefined) return void location.reload();
    const { undo, undoWith, done, leave } = button.dataset;
    const action = undo && { label: say("undo"), run: async () => (await run(undo, undoWith), refresh()) };
    // What this page is about is gone: leave it, but not before there was time to take it back.
    if (done) toast(done, { action, gone: leave ? () => location.assign(leave) : null });
    await refresh();
  } catch (error) {
    toast(error.message, { bad: true });
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) act(button);
});

// Progress moves in place; a new state brings new buttons, so that part of the page is fetched again.
function onChange(change) {
  document.dispatchEvent(new CustomEvent("semma:change", { detail: change }));
  if (change.kind === "slides") return void onSlides(change);
  if (change.kind !== "recording") {
    refresh();
    return;
  }
  const card = document.querySelector(`[data-recording="${CSS.escape(change.id)}"]`);
  const row = document.querySelector(`[data-session-row="${CSS.escape(change.session)}"]`);
  const place = card ?? row;
  if (!place) return void refresh();
  const progress = place.querySelector("[data-progress]");
  if (progress) progress.value = change.progress;
  const text = place.querySelector("[data-progress-text]");
  if (text) showProgress(place, text, change);
  const mark = `${change.state}|${change.playable}|${change.published}`;
  if (place.dataset.mark !== undefined && place.dataset.mark !== mark) refresh();
  else if (place.dataset.mark === undefined && place.dataset.state !== change.state) refresh();
  place.dataset.mark = mark;
}

const slideMarks = new Map(); // by deck or session, as the events name them

// Decks while their pages are drawn, and slides while they are matched: both move in place within a state.
function onSlides({ id, session, state, progress, version }) {
  // On the board of an event a row says how the slides are: asked for again at every new state of them.
  if (document.querySelector(`[data-session-row="${CSS.escape(session)}"]`)) {
    const mark = `${state}|${version ?? ""}`;
    if (slideMarks.get(id) !== mark) refresh();
    slideMarks.set(id, mark);
    return;
  }
  if (!document.querySelector(`[data-purpose="slides"][data-uploads="${CSS.escape(session)}"]`)) return;
  const place = document.querySelector(`[data-deck="${CSS.escape(id)}"], [data-step="${CSS.escape(id)}"]`);
  const bar = place?.querySelector("[data-progress]");
  const mark = `${state}|${version ?? ""}`;
  const known = place?.dataset.mark ?? `${place?.dataset.state}|${version ?? ""}`;
  if (place) place.dataset.mark = mark;
  if (bar && known === mark) bar.value = progress;
  else if (known !== mark) refresh();
}

// Percent and time left, from the pace since this page first heard of it.
function showProgress(place, text, { progress }) {
  const now = performance.now();
  place.heard ??= { at: now, progress };
  const pace = (progress - place.heard.progress) / (now - place.heard.at);
  const percent = Math.round(progress * 100);
  if (!(pace > 0)) text.textContent = `${percent} %`;
  else text.textContent = say("percent_left", { percent, time: leftText((1 - progress) / pace) });
}

export function leftText(ms) {
  const minutes = Math.round(ms / 60_000);
  return minutes < 1 ? say("under_a_minute") : say("minutes", { minutes });
}

// What happened while the stream was away is not repeated: everything is asked for again.
function resync() {
  document.dispatchEvent(new Event("semma:resync"));
  return refresh();
}

if (board) follow(board.dataset.board, onChange, resync);
startDeckOrder(document);
for (const box of document.querySelectorAll("[data-uploads]")) startUploads(box, { onFinished: refresh });

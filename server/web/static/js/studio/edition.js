// What stands around an edition: its logo, sponsors and links, and the next edition made like it.

import { call, csrfToken, problemOf } from "../api.js";
import { fieldsOf, linksIn, showProblem } from "./forms.js";
import { refresh } from "./refresh.js";
import { toast } from "./toasts.js";
import { say } from "../texts.js";

const eventId = document.querySelector("[data-event]").dataset.event;
const root = `/api/v1/events/${eventId}`;

async function sendPicture(method, path, file) {
  const headers = { "X-CSRF-Token": csrfToken(), "Content-Type": "application/octet-stream" };
  const answer = await fetch(path, { method, headers, body: file });
  const text = await answer.text();
  if (!answer.ok) throw problemOf(text, answer.status);
  return JSON.parse(text);
}

async function attempt(run, done) {
  try {
    const made = await run();
    if (done) toast(done);
    return made;
  } catch (error) {
    toast(error.message, { bad: true });
    return null;
  }
}

document.addEventListener("change", async (event) => {
  const input = event.target;
  const file = input.files?.[0];
  if (!file) return;
  if (input.matches("[data-logo]")) {
    if (await attempt(() => sendPicture("PUT", `${root}/logo`, file), say("logo_saved"))) await refresh();
  } else if (input.matches("[data-logo-file]")) {
    const row = input.closest("[data-sponsor]");
    const made = await attempt(() => sendPicture("POST", `${root}/pictures`, file), say("save_to_keep"));
    if (!made) return;
    row.dataset.picture = made.id;
    const shown = Object.assign(new Image(made.width_px, made.height_px), { src: made.url, alt: "" });
    row.querySelector("[data-shown]").replaceChildren(shown);
  }
  input.value = "";
});

const sponsors = document.querySelector("[data-sponsors]");
const rows = sponsors.querySelector("[data-rows]");

function sponsorsIn() {
  return [...rows.querySelectorAll("[data-sponsor]")]
    .map((row) => ({
      name: row.querySelector("[name=name]").value.trim(),
      tier: row.querySelector("[name=tier]").value.trim(),
      url: row.querySelector("[name=url]").value.trim(),
      picture: row.dataset.picture || null,
    }))
    .filter((sponsor) => sponsor.name || sponsor.url || sponsor.picture);
}

sponsors.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const row = button?.closest("[data-sponsor]");
  if (button?.matches("[data-add]")) {
    rows.append(document.querySelector("[data-blank]").content.cloneNode(true));
    rows.lastElementChild.querySelector("[name=name]").focus();
  } else if (button?.matches("[data-out]")) {
    row.remove();
  } else if (button?.matches("[data-up]")) {
    row.previousElementSibling?.before(row);
    button.focus();
  } else if (button?.matches("[data-down]")) {
    row.nextElementSibling?.after(row);
    button.focus();
  }
});

sponsors.addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(() => call("PUT", `${root}/sponsors`, { body: sponsorsIn() }), say("saved"));
});

const links = document.querySelector("[data-links]");
links.addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(() => call("PUT", `${root}/links`, { body: linksIn(links.elements.links.value) }), say("saved"));
});

document.querySelector("[data-copy]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const parts = [...form.querySelectorAll("[data-part]:checked")].map((box) => box.dataset.part);
  try {
    const { data } = await call("POST", form.dataset.copy, { body: { ...fieldsOf(form), parts } });
    location.assign(`/studio/${encodeURIComponent(data.slug)}`);
  } catch (error) {
    showProblem(form, error);
  }
});

// Webhooks and downloads in the studio: what the common forms cannot say, and secrets that are shown once.

import { call } from "../api.js";
import { say } from "../texts.js";
import { refresh } from "./refresh.js";
import { toast } from "./toasts.js";

const ALLOWED = { yes: true, no: false, licence: null };

function showSecret(secret) {
  const box = document.querySelector("[data-secret]");
  const text = box.querySelector("[data-secret-text]");
  box.hidden = false;
  text.value = secret;
  text.focus();
  text.select();
}

async function guarded(form, wrong, act) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  wrong.hidden = true;
  try {
    await act();
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
  } finally {
    button.disabled = false;
  }
}

function startForm(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    guarded(form, form.querySelector("[data-webhook-wrong]"), async () => {
      const body = {
        url: fields.get("url").trim(),
        description: fields.get("description").trim(),
        facts: fields.getAll("facts"),
      };
      const { data } = await call("POST", `/api/v1/events/${form.dataset.webhookForm}/webhooks`, { body });
      form.reset();
      showSecret(data.secret);
      await refresh();
    });
  });
}

function startChoice(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    guarded(form, form.querySelector("[data-choice-wrong]"), async () => {
      const body = { allowed: ALLOWED[fields.get("allowed")], podcast: fields.has("podcast") };
      await call("PATCH", `/api/v1/events/${form.dataset.choiceForm}/downloads`, { body });
      toast(say("done"));
    });
  });
}

document.addEventListener("click", async (event) => {
  const fresh = event.target.closest("[data-new-secret]");
  if (fresh) {
    try {
      const { data } = await call("POST", `/api/v1/webhooks/${fresh.dataset.newSecret}/rotate`);
      showSecret(data.secret);
    } catch (error) {
      toast(error.message, { bad: true });
    }
  }
  if (event.target.closest("[data-copy-secret]")) {
    const text = document.querySelector("[data-secret-text]");
    text.select();
    await navigator.clipboard?.writeText(text.value).catch(() => null);
  }
});

for (const form of document.querySelectorAll("[data-webhook-form]")) startForm(form);
for (const form of document.querySelectorAll("[data-choice-form]")) startChoice(form);

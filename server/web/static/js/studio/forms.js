// Form fields to the API's JSON and back: data-as says what a text means.

import { toast } from "./toasts.js";

const READ = {
  nullable: (text) => text || null,
  optional: (text) => text || undefined,
  minutes: (text) => (text ? Math.round(Number(text) * 60_000) : null),
  speakers: (text) => text.split(",").map((name) => name.trim()).filter(Boolean).map((name) => ({ name })),
  words: (text) => text.split(/[\s,;]+/).filter(Boolean),
  links: (text) => linksIn(text),
  moment: (text, zone) => (text ? momentIn(text, zone) : null),
  given: (text, zone) => (text ? momentIn(text, zone) : undefined), // left out when empty
  seconds: (text) => Number(text),
  yes: (text) => text === "yes",
};

// "2026-06-09T10:00" (or with seconds) in a time zone to RFC 3339: the offset is found by asking what that zone shows.
export function momentIn(text, zone) {
  const asUtc = new Date(`${text}Z`);
  let offset = offsetAt(asUtc, zone);
  offset = offsetAt(new Date(asUtc.getTime() - offset), zone);
  const sign = offset < 0 ? "-" : "+";
  const minutes = Math.abs(offset) / 60_000;
  const pad = (value) => String(Math.floor(value)).padStart(2, "0");
  return `${text.length === 16 ? `${text}:00` : text}${sign}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

function offsetAt(moment, zone) {
  const form = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return new Date(`${form.format(moment).replace(" ", "T")}Z`).getTime() - moment.getTime();
}

const KINDS = ["slides", "blog", "discussion", "paper", "photo", "code", "video", "press", "other"];

// "slides https://… Title" a line to the API's links; a line without a kind is some other link.
export function linksIn(text) {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first)
    .map((words) => {
      const kind = KINDS.includes(words[0].toLowerCase()) ? words.shift().toLowerCase() : "other";
      return { kind, url: words[0] ?? "", title: words.slice(1).join(" ") };
    });
}

export function fieldsOf(form, zone) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    // A moment is shown in whole seconds and may be more exact: one that nobody changed is not sent back.
    if (field.dataset.as === "given" && field.value === field.defaultValue) continue;
    const read = READ[field.dataset.as];
    const value = field.type === "checkbox" ? field.checked : read ? read(field.value, zone) : field.value.trim();
    if (value !== undefined) body[field.name] = value;
  }
  return body;
}

// Words at the fields they belong to, the rest as a toast; null clears them.
export function showProblem(form, error) {
  for (const place of form.querySelectorAll("[data-wrong]")) {
    const found = error?.fields?.find((one) => one.field === place.dataset.wrong);
    const field = form.elements[place.dataset.wrong];
    place.hidden = !found;
    place.textContent = found?.message ?? "";
    field?.toggleAttribute("aria-invalid", Boolean(found));
    if (found) {
      field?.setAttribute("aria-invalid", "true");
      field?.focus();
    }
  }
  if (error) toast(error.message, { bad: true });
}

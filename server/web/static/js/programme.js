// The programme: times in the event's zone or in the viewer's, and badges that change while recordings are made.

import { keep, recall } from "./memory.js";
import { language, say } from "./texts.js";
import { follow } from "./changes.js";

const KEY = "semma.zone";
const tools = document.querySelector("[data-zone]");

function clockIn(zone) {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
}

function dayIn(zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone });
}

function showTimes(eventZone, zone) {
  const clock = clockIn(zone);
  const weekday = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: zone });
  for (const element of document.querySelectorAll("time[data-clock]")) {
    const moment = new Date(element.dateTime);
    element.textContent = clock.format(moment);
    const moved = dayIn(zone).format(moment) !== dayIn(eventZone).format(moment);
    if (!moved) continue;
    const shift = document.createElement("span");
    shift.className = "shift";
    shift.textContent = weekday.format(moment);
    element.append(" ", shift);
  }
}

function startZones() {
  const eventZone = tools.dataset.zone;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const now = new Date();
  const differs = own && clockIn(own).format(now) !== clockIn(eventZone).format(now);
  if (!differs) return;
  const button = tools.querySelector("[data-zone-switch]");
  const text = tools.querySelector("[data-zone-text]");
  const eventText = text.textContent;
  const show = (mine) => {
    showTimes(eventZone, mine ? own : eventZone);
    text.textContent = mine ? say("zone_mine", { zone: own.replaceAll("_", " ") }) : eventText;
    button.textContent = mine ? say("zone_show_event") : say("zone_show_mine");
    keep(KEY, mine ? "mine" : "event");
  };
  let mine = recall(KEY) !== "event";
  button.hidden = false;
  button.addEventListener("click", () => show((mine = !mine)));
  show(mine);
}

function startBadges() {
  follow(tools.dataset.event, (change) => {
    const badge = document.querySelector(`[data-recording="${CSS.escape(change.id ?? "")}"]`);
    if (badge && change.kind === "recording" && change.state === "ready") {
      badge.className = "badge good";
      badge.textContent = say("watch");
    }
  });
}

if (tools) {
  startZones();
  if (document.querySelector("[data-recording]")) startBadges();
}

// Times of day on a page: in the event's zone as they were sent, or in the viewer's own, as they chose.

import { keep, recall } from "./memory.js";
import { language, say } from "./texts.js";

const KEY = "semma.zone";

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

// `tools` holds data-zone (the event's), the text about it and the switch. Answers a function to call when times were
// drawn anew.
export function startZones(tools) {
  const eventZone = tools.dataset.zone;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const now = new Date();
  const differs = own && clockIn(own).format(now) !== clockIn(eventZone).format(now);
  if (!differs) return () => {};
  const button = tools.querySelector("[data-zone-switch]");
  const text = tools.querySelector("[data-zone-text]");
  const eventText = text.textContent;
  let mine = recall(KEY) !== "event";
  const show = () => {
    showTimes(eventZone, mine ? own : eventZone);
    text.textContent = mine ? say("zone_mine", { zone: own.replaceAll("_", " ") }) : eventText;
    button.textContent = mine ? say("zone_show_event") : say("zone_show_mine");
    keep(KEY, mine ? "mine" : "event");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    mine = !mine;
    show();
  });
  show();
  return show;
}

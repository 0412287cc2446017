// The programme: times in the event's zone or in the viewer's, and badges that change while talks are on and recordings
// are made.

import { follow } from "./changes.js";
import { refresh } from "./studio/refresh.js";
import { startMine } from "./programme/mine.js";
import { say } from "./texts.js";
import { startZones } from "./zones.js";

const SHOWN = new Set(["broadcast", "stretch", "session", "room", "track", "event"]);
const SPREAD_MS = 3000; // not everybody's page is asked for in the same moment

const tools = document.querySelector("[data-zone]");
const showTimes = tools ? startZones(tools) : () => {};
const mine = document.querySelector("[data-mine]");
const showMine = mine ? startMine(mine) : () => {};

let due = null;
async function anew() {
  due = null;
  await refresh();
  showTimes();
  showMine();
}

function soon() {
  due ??= setTimeout(anew, Math.random() * SPREAD_MS);
}

function onChange(change) {
  if (change.kind !== "recording") {
    if (SHOWN.has(change.kind)) soon();
    return;
  }
  const badge = document.querySelector(`[data-recording="${CSS.escape(change.id ?? "")}"]`);
  if (badge && change.state === "ready") {
    badge.className = "badge good";
    badge.textContent = say("watch");
  } else if (!badge && change.playable) {
    soon();
  }
}

const followed = document.querySelector("[data-follow]");
if (followed) follow(followed.dataset.follow, onChange);

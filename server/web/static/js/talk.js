// The talk page and the embed: the player, the wait for a recording, the link to this moment.

import { follow } from "./changes.js";
import { startEmbed, startEmptyEmbed } from "./embed/talk.js";
import { startDownloads } from "./downloads.js";
import { clockText, linkAt } from "./player/moment.js";
import { Player } from "./player/player.js";
import { openAlone, openBeside } from "./slides/open.js";
import { say } from "./texts.js";
import { startTranscript } from "./transcript/transcript.js";

function startSharing(player) {
  const button = document.querySelector("[data-share]");
  if (!button) return;
  const label = button.querySelector("span");
  const text = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const at = player.now;
    const link = linkAt(at);
    try {
      await navigator.clipboard.writeText(link);
      label.textContent = say("copied", { time: clockText(at) });
      player.controls.tell(say("copied", { time: clockText(at) }));
    } catch {
      prompt(say("copy_this"), link);
    }
    setTimeout(() => (label.textContent = text), 2500);
  });
}

function nameForTheSystem(player) {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.metadata = new MediaMetadata({
    title: document.querySelector("h1")?.textContent ?? document.title,
    artist: [...document.querySelectorAll(".talk-speakers a")].map((link) => link.lastChild.textContent.trim()).join(", "),
    artwork: player.playback.poster ? [{ src: player.playback.poster }] : [],
  });
  navigator.mediaSession.setActionHandler("seekbackward", () => player.by(-10));
  navigator.mediaSession.setActionHandler("seekforward", () => player.by(10));
}

// The slides beside the player; answers the moment that a link to one of their pages leads to, or null.
async function openSlides(player) {
  player.slides = openBeside(player);
  if (!player.slides || !new URL(location.href).searchParams.has("slide")) return null;
  await player.slides.ready;
  const moment = player.slides.linkedMoment();
  if (moment === null) player.slides.openLink();
  return moment;
}

async function startPlayer(root) {
  const player = new Player(root, JSON.parse(document.getElementById("playback").textContent));
  window.semmaPlayer = player; // for tests and for the curious
  startTranscript({ video: player.video, now: () => player.now, seek: (moment) => player.seek(moment) });
  await player.start(await openSlides(player));
  startSharing(player);
  nameForTheSystem(player);
  if (embed) await startEmbed(embed, player);
}

// The recording is being made: show how far it is; open the player when there is something to watch.
function startWaiting(box) {
  const progress = box.querySelector("[data-waiting-progress]");
  if (!progress) return;
  let asking = false;
  const ask = async () => {
    if (asking) return;
    asking = true;
    const answer = await fetch(`/api/v1/sessions/${encodeURIComponent(box.dataset.session)}/playback`).catch(() => null);
    asking = false;
    if (answer?.ok) location.reload();
  };
  follow(
    box.dataset.event,
    (change) => {
      if (change.session !== box.dataset.session) return;
      if (typeof change.progress === "number") progress.value = change.progress;
      if (change.state === "failed") {
        box.querySelector("p").textContent = say("failed");
        progress.remove();
      } else if (change.playable || change.state === "ready") ask();
    },
    ask,
  );
}

startDownloads();
const root = document.querySelector("[data-player]");
const embed = document.querySelector("[data-embed]");
if (embed && !root) startEmptyEmbed(embed);
if (root) startPlayer(root);
else openAlone(document.querySelector("[data-stage]"));
const waiting = document.querySelector("[data-waiting]");
if (waiting) startWaiting(waiting);

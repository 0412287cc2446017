// The live page and its embed: a room before, during and after its broadcasts, never reloaded.

import { startLiveEmbed } from "./embed/live.js";
import { LiveRoom } from "./live/room.js";

const room = new LiveRoom();
window.semmaLive = room; // for tests and for the curious
room.start();
const embed = document.querySelector("[data-embed]");
if (embed) startLiveEmbed(embed, room);

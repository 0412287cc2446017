// The live page and its embed: a room before, during and after its broadcasts, never reloaded.

import { LiveRoom } from "./live/room.js";

const room = new LiveRoom();
window.semmaLive = room; // for tests and for the curious
room.start();

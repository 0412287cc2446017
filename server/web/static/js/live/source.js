// A room's live stream into the video element: hls.js where media source extensions are, else the browser's own HLS.
// Both sides offer the same: where the stream begins and ends, when a position was, how to go to its newest part.
// Faults never end here: what is fatal is tried again for as long as the page is open.

import { prefersNative } from "../player/source.js";
import { HlsLive } from "./hls_source.js";
import { NativeLive } from "./native_source.js";

// `on` takes: changed() (levels, extent, end), access(status), segment({stalls…}) and levels().
export async function openLive(video, url, options) {
  if (prefersNative(video)) return new NativeLive(video, url, options);
  const { default: Hls } = await import("../../vendor/hls.min.mjs");
  if (Hls.isSupported()) return new HlsLive(Hls, video, url, options);
  if (video.canPlayType("application/vnd.apple.mpegurl")) return new NativeLive(video, url, options);
  throw new Error("unsupported");
}

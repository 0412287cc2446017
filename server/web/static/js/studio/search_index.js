// How far the search index is, on the studio's first page: asked again while talks wait.

import { refresh } from "./refresh.js";

const EVERY_MS = 1000;

setInterval(() => {
  if (!document.hidden && document.querySelector("[data-search-index] [data-moving]")) refresh();
}, EVERY_MS);

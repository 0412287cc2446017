// Positions in a broadcast and the moments they happened at, by the segments' EXT-X-PROGRAM-DATE-TIME.
// `segments`: [{start, duration, wall}] in order; start and duration in seconds of media, wall in ms since 1970.

function lastAtOrBefore(segments, value, key) {
  let low = 0;
  let high = segments.length - 1;
  let found = 0;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (segments[middle][key] <= value) [found, low] = [middle, middle + 1];
    else high = middle - 1;
  }
  return segments[found];
}

// When the picture at a position was taken; null while nothing is known.
export function wallAt(segments, position) {
  if (!segments.length) return null;
  const segment = lastAtOrBefore(segments, position, "start");
  return segment.wall + (position - segment.start) * 1000;
}

// Where a moment is; before the first segment its start, and in a gap of time the end of what was before.
export function positionOf(segments, wall) {
  if (!segments.length) return null;
  const segment = lastAtOrBefore(segments, wall, "wall");
  const into = Math.max(0, (wall - segment.wall) / 1000);
  const isLast = segment === segments[segments.length - 1];
  return segment.start + (isLast ? into : Math.min(into, segment.duration));
}

// The talks of a broadcast as places on its bar: [{from, to, title, url}], clipped to what there is.
export function talksOn(segments, stretches, edge) {
  if (!segments.length) return [];
  const talks = stretches.map((stretch) => ({
    from: positionOf(segments, Date.parse(stretch.starts_at)),
    to: stretch.ends_at ? positionOf(segments, Date.parse(stretch.ends_at)) : edge,
    title: stretch.title,
    url: stretch.url,
  }));
  return talks
    .map((talk) => ({ ...talk, to: Math.min(talk.to, edge) }))
    .filter((talk) => talk.to - talk.from > 0.5)
    .sort((a, b) => a.from - b.from);
}

export function talkAt(talks, position) {
  return talks.findLast((talk) => talk.from <= position + 0.01 && position < talk.to) ?? null;
}

// Where the slides are of what was on at a moment (ms since 1970): those of a talk that has ended, else `now`.
export function slidesAt(stretches, wall, now) {
  const past = stretches.find((one) => one.ends_at && Date.parse(one.starts_at) <= wall && wall < Date.parse(one.ends_at));
  return past ? past.slides : now;
}

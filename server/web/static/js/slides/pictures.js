// Pictures of pages: which size is wanted, fetched once, kept decoded as long as they may be needed again.

const SMALL_PX = 320; // the longer side of a small picture
const ENOUGH = 1.2; // a small picture may be stretched so far
const KEPT = 24;

// Whether a page shown `width` CSS pixels wide needs its large picture.
export function needsLarge(page, width, density) {
  const small = (SMALL_PX * page.width_px) / Math.max(page.width_px, page.height_px);
  return width * density > small * ENOUGH;
}

export class Pictures {
  // `lost`: called when a picture cannot be had, perhaps because its address ran out
  constructor(lost) {
    this.lost = lost;
    this.kept = new Map();
  }

  has(url) {
    return this.kept.get(url)?.isReady === true;
  }

  // Resolves to whether the picture can be shown.
  load(url) {
    const known = this.kept.get(url);
    if (known) {
      this.kept.delete(url);
      this.kept.set(url, known); // the newest last
      return known.promise;
    }
    const image = new Image();
    image.src = url;
    const entry = { image, isReady: false };
    entry.promise = image.decode().then(
      () => (entry.isReady = true),
      () => {
        this.kept.delete(url);
        this.lost();
        return false;
      },
    );
    this.kept.set(url, entry);
    for (const old of [...this.kept.keys()].slice(0, -KEPT)) this.kept.delete(old);
    return entry.promise;
  }
}

// The storyboard: WebVTT cues that name a rectangle of a sprite (`sheet.jpg#xywh=x,y,w,h`), drawn at a moment.

function seconds(text) {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

// WebVTT text to [{from, to, url, x, y, width, height}], in order; cues of another form are left out.
export function parseStoryboard(text, base) {
  const tiles = [];
  for (const block of text.replaceAll("\r\n", "\n").split(/\n\n+/)) {
    const lines = block.split("\n").filter(Boolean);
    const at = lines.findIndex((line) => line.includes("-->"));
    if (at < 0 || !lines[at + 1]) continue;
    const [from, to] = lines[at].split("-->").map((part) => seconds(part.trim().split(/\s/)[0]));
    const [path, place] = lines[at + 1].trim().split("#xywh=");
    const [x, y, width, height] = (place ?? "").split(",").map(Number);
    if (width > 0 && height > 0) tiles.push({ from, to, url: new URL(path, base).href, x, y, width, height });
  }
  return tiles;
}

export class Storyboard {
  constructor(url) {
    this.url = url;
    this.tiles = null;
    this.sheets = new Map();
  }

  // Fetched when first wanted; a growing one is asked for again by `forget`.
  async load() {
    if (this.tiles || !this.url) return;
    this.tiles = [];
    const answer = await fetch(this.url);
    if (answer.ok) this.tiles = parseStoryboard(await answer.text(), answer.url);
  }

  forget() {
    this.tiles = null;
  }

  tileAt(moment) {
    return this.tiles?.findLast((tile) => tile.from <= moment + 0.001) ?? null;
  }

  // Draws the picture at a moment into the canvas; false when there is none (yet).
  async draw(canvas, moment) {
    await this.load();
    const tile = this.tileAt(moment);
    if (!tile) return false;
    const sheet = await this.sheet(tile.url);
    const width = 176;
    canvas.width = width * devicePixelRatio;
    canvas.height = (width * tile.height * devicePixelRatio) / tile.width;
    canvas.style.width = `${width}px`;
    const pen = canvas.getContext("2d");
    pen.drawImage(sheet, tile.x, tile.y, tile.width, tile.height, 0, 0, canvas.width, canvas.height);
    return true;
  }

  sheet(url) {
    if (!this.sheets.has(url)) {
      const image = new Image();
      image.src = url;
      this.sheets.set(url, image.decode().then(() => image));
    }
    return this.sheets.get(url);
  }
}

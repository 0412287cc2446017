// The ruler and the strip of the recording's pictures: one canvas as wide as the window onto the line, drawn anew when that
// moves. Everything it shows is also in words elsewhere, so it is hidden from screen readers.

import { clock } from "./scale.js";

const RULER_PX = 22;

export class Strip {
  constructor(canvas, scale, again) {
    this.canvas = canvas;
    this.scale = scale;
    this.again = again; // called when a picture came
    this.storyboard = null;
    this.sheets = new Map(); // url → image, once it is there
  }

  async open(storyboard) {
    this.storyboard = storyboard;
    await storyboard.load().catch(() => {});
    this.again();
  }

  draw(left) {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const density = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    this.drawPictures(pen, left, width, height);
    this.drawRuler(pen, left, width, style);
  }

  drawRuler(pen, left, width, style) {
    const { scale } = this;
    const { step, moments } = scale.ticks(scale.ms(left), scale.ms(left + width));
    pen.font = `12px ${style.fontFamily}`;
    pen.fillStyle = style.color;
    pen.textBaseline = "middle";
    for (const ms of moments) {
      const x = scale.x(ms) - left;
      pen.globalAlpha = 0.5;
      pen.fillRect(x, 0, 1, RULER_PX);
      pen.globalAlpha = 1;
      pen.fillText(clock(ms, step < 1000), x + 5, RULER_PX / 2);
    }
  }

  drawPictures(pen, left, width, height) {
    const tiles = this.storyboard?.tiles ?? [];
    if (!tiles.length) return;
    const tall = height - RULER_PX;
    const wide = (tall * tiles[0].width) / tiles[0].height;
    const { scale } = this;
    for (let x = Math.floor(left / wide) * wide; x < left + width && x < scale.length; x += wide) {
      const tile = this.storyboard.tileAt(scale.ms(x + wide / 2) / 1000);
      const sheet = tile && this.sheet(tile.url);
      if (sheet) pen.drawImage(sheet, tile.x, tile.y, tile.width, tile.height, x - left, RULER_PX, wide - 1, tall);
    }
  }

  sheet(url) {
    if (!this.sheets.has(url)) {
      this.sheets.set(url, null);
      this.storyboard.sheet(url).then(
        (image) => {
          this.sheets.set(url, image);
          this.again();
        },
        () => {}, // no picture is no trouble: the pages are there
      );
    }
    return this.sheets.get(url);
  }
}

// The text of a page over its picture: transparent, where the letters are, so that it can be selected, copied and found;
// and the page's links, to be clicked. Screen readers have the page's text elsewhere and the links here.

import { say } from "../texts.js";
import { linesOf, roomOf, safeAddress } from "./lines.js";

const FONT_PX = 100;
const LINE_HEIGHT = 1.15; // of a line's box, with what hangs below it

let pen = null;

function widthOf(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `${FONT_PX}px sans-serif`;
  return pen.measureText(text).width;
}

function percent(share) {
  return `${(share * 100).toFixed(3)}%`;
}

function place(element, { x, y, width, height }) {
  Object.assign(element.style, { left: percent(x), top: percent(y), width: percent(width), height: percent(height) });
}

// `page` gives its size; lengths are in units of the paper's height (cqh) and of the letters', so that nothing is reckoned
// anew when it grows. Each word is spaced to end where the next begins: a line of another font is right to the word.
export function textLines(page, words) {
  const aspect = page.width_px / page.height_px;
  return linesOf(words, page.width_px, page.height_px).map((line) => {
    const span = document.createElement("span");
    span.dir = "auto";
    const size = line.height / LINE_HEIGHT; // in heights of the page
    place(span, line);
    span.style.fontSize = `${(size * 100).toFixed(3)}cqh`;
    span.style.lineHeight = LINE_HEIGHT;
    span.append(...line.words.map((_, at) => wordOf(line.words, at, (roomOf(line.words, at) * aspect) / size)));
    return span;
  });
}

// `room` in heights of the letters.
function wordOf(words, at, room) {
  const word = document.createElement("b");
  word.textContent = at < words.length - 1 ? `${words[at].text} ` : words[at].text;
  const natural = widthOf(word.textContent) / FONT_PX;
  word.style.letterSpacing = `${((room - natural) / [...word.textContent].length).toFixed(4)}em`;
  return word;
}

// `links`: [[x0, y0, x1, y1, address or page number], …]; `leaf(page)` follows one within the slides.
export function linkAreas(links, leaf) {
  const areas = [];
  for (const [x0, y0, x1, y1, target] of links) {
    const inside = Number.isInteger(target);
    const address = inside ? `?slide=${target}` : safeAddress(target);
    if (address === null) continue;
    const area = document.createElement("a");
    area.href = address;
    if (inside) {
      area.setAttribute("aria-label", say("slide_number", { page: target }));
      area.addEventListener("click", (event) => {
        event.preventDefault();
        leaf(target);
      });
    } else {
      Object.assign(area, { target: "_blank", rel: "noopener noreferrer nofollow", title: address });
      area.setAttribute("aria-label", address);
    }
    place(area, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
    areas.push(area);
  }
  return areas;
}

// Words with their boxes into lines, so that what lies over a page's picture can be selected as text. Pure.

const LEAST_OVERLAP = 0.5; // of the lower one's height: words of one line
const WIDEST_GAP = 1.6; // of the height: further apart are two columns

// `words`: [[x0, y0, x1, y1, "word"], …] as shares of the page, in reading order; `width` and `height` of the page in any
// unit. Answers [{x, y, width, height, text, words: [{x0, x1, text}]}], boxes as shares too.
export function linesOf(words, width, height) {
  const lines = [];
  for (const [x0, y0, x1, y1, text] of words) {
    const line = lines.at(-1);
    if (line && continues(line, { x0, y0, x1, y1 }, width / height)) {
      line.words.push({ x0, x1, text });
      line.x0 = Math.min(line.x0, x0);
      line.y0 = Math.min(line.y0, y0);
      line.x1 = Math.max(line.x1, x1);
      line.y1 = Math.max(line.y1, y1);
    } else {
      lines.push({ x0, y0, x1, y1, words: [{ x0, x1, text }] });
    }
  }
  return lines.map(({ x0, y0, x1, y1, words: parts }) => {
    const text = parts.map((part) => part.text).join(" ");
    return { x: x0, y: y0, width: x1 - x0, height: y1 - y0, text, words: parts };
  });
}

// The room a word of a line takes up to where the next one begins, in either direction of writing, as a share of the
// page's width; the last one's is its own.
export function roomOf(words, at) {
  const [word, next] = [words[at], words[at + 1]];
  if (!next) return word.x1 - word.x0;
  const room = next.x0 >= word.x0 ? next.x0 - word.x0 : word.x1 - next.x1;
  return room > 0 ? room : word.x1 - word.x0;
}

// Whether a word stands in the line, beside its last word, in either direction of writing.
function continues(line, word, aspect) {
  const lower = Math.min(line.y1 - line.y0, word.y1 - word.y0);
  const overlap = Math.min(line.y1, word.y1) - Math.max(line.y0, word.y0);
  if (overlap < LEAST_OVERLAP * lower) return false;
  const last = line.words.at(-1);
  const gap = Math.max(word.x0 - last.x1, last.x0 - word.x1);
  return gap * aspect < WIDEST_GAP * Math.max(line.y1 - line.y0, word.y1 - word.y0);
}

// Addresses that may stand behind a link of a page: the web, nothing that runs or opens another program.
export function safeAddress(target) {
  if (typeof target !== "string" || !URL.canParse(target)) return null;
  const url = new URL(target);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}

// Finding in a transcript: accents and case folded, across the borders of cues. Pure, but for `Finder`, which marks.

// Letter by letter, so that places in the folded text are places in the text: "Ä" and "a" are the same here.
export function fold(text) {
  return [...text].map((letter) => letter.normalize("NFD")[0].toLowerCase()[0] ?? letter).join("");
}

// Where the words are in the text, as [from, to) in letters (code points); runs of spaces are one.
export function placesOf(text, words) {
  const [where, what] = [[...fold(text)], [...fold(words.trim().replace(/\s+/g, " "))]];
  const found = [];
  if (!what.length) return found;
  for (let at = 0; at <= where.length - what.length; at += 1) {
    if (!what.every((letter, index) => where[at + index] === letter)) continue;
    found.push([at, at + what.length]);
    at += what.length - 1;
  }
  return found;
}

// Pieces of a text with what is marked of it: [{text, marked}].
export function piecesOf(text, places) {
  const letters = [...text];
  const made = [];
  let at = 0;
  for (const [from, to] of places) {
    if (from > at) made.push({ text: letters.slice(at, from).join(""), marked: false });
    made.push({ text: letters.slice(Math.max(at, from), to).join(""), marked: true });
    at = to;
  }
  if (at < letters.length) made.push({ text: letters.slice(at).join(""), marked: false });
  return made;
}

export class Finder {
  constructor(box) {
    this.paragraphs = [...box.querySelectorAll("p")].map((root) => {
      const spans = [...root.querySelectorAll("span[data-at]")].map((span) => ({ span, text: span.textContent }));
      return { root, spans, isMarked: false };
    });
    this.matches = []; // elements, one a match: where it begins
  }

  // Hides paragraphs without the words, marks them in the others; answers how many there are.
  find(words) {
    this.matches = [];
    for (const paragraph of this.paragraphs) this.mark(paragraph, words);
    return this.matches.length;
  }

  mark(paragraph, words) {
    const { root, spans } = paragraph;
    const places = placesOf(spans.map((one) => one.text).join(" "), words);
    root.hidden = words.trim() !== "" && places.length === 0;
    if (!places.length && !paragraph.isMarked) return;
    paragraph.isMarked = places.length > 0;
    let start = 0;
    for (const { span, text } of spans) {
      const end = start + [...text].length;
      const inside = places.filter(([from, to]) => from < end && to > start);
      const own = inside.map(([from, to]) => [Math.max(0, from - start), Math.min(to, end) - start]);
      const nodes = piecesOf(text, own).map((piece) => (piece.marked ? Object.assign(document.createElement("mark"), { textContent: piece.text }) : piece.text));
      span.replaceChildren(...nodes);
      const marks = span.querySelectorAll("mark");
      inside.forEach(([from], index) => from >= start && this.matches.push(marks[index]));
      start = end + 1;
    }
  }
}

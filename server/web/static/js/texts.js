// The page's texts in the reader's language, from its JSON island; {names} are filled in.

const island = document.getElementById("texts");
const texts = island ? JSON.parse(island.textContent) : {};

export function say(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const language = document.documentElement.lang || "en";

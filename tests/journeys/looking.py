"""What is wrong with a page for people who see, hear or move differently: checks that run in the page itself.

Not a whole audit of WCAG 2.2, but what a machine can say for certain: names (4.1.2), labels and headings (1.3.1),
target size (2.5.8), contrast (1.4.3), reflow (1.4.10), language (3.1.1), one id once.
"""

FAULTS = r"""async () => {
  const faults = [];
  // A new window size is a new layout only with the next picture.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });

  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) known.set(color, painted(color));
    return known.get(color);
  };
  const painted = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => {
    const part = (value) => (value <= 10.31 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      const color = rgba(style.backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] === 1) return layers.reduceRight((below, above) => over(above, below));
    }
    return null;
  };
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const shown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return shown && box.width > 1 && box.height > 1 && !element.closest(".unseen, [aria-hidden=true]");
  };
  const called = (element) =>
    element.getAttribute("aria-label") ||
    [...(element.labels ?? [])].map((label) => label.textContent).join(" ").trim() ||
    element.textContent.trim() ||
    element.getAttribute("title");
  const what = (element) => element.outerHTML.slice(0, 90);

  if (!document.documentElement.lang) faults.push("the page has no language");
  if (document.querySelectorAll("main").length !== 1) faults.push("not exactly one main");
  const levels = [...document.querySelectorAll("h1,h2,h3,h4")].filter((one) => !one.closest("dialog, [hidden]"));
  if (levels.filter((one) => one.tagName === "H1").length > 1) faults.push("more than one h1");
  levels.reduce((before, one) => {
    const level = Number(one.tagName[1]);
    if (level > before + 1) faults.push(`heading level skipped: ${what(one)}`);
    return level;
  }, 1);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) faults.push(`id twice: ${id}`);
  for (const image of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${what(image)}`);

  for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (element.type === "hidden" || !seen(element)) continue;
    if (!called(element)) faults.push(`no name: ${what(element)}`);
    const box = element.getBoundingClientRect();
    const inText = element.tagName === "A" && element.closest("p, dd, .prose");
    const covered = element.tagName === "A" && getComputedStyle(element, "::after").position === "absolute";
    if (!inText && !covered && (box.width < 24 || box.height < 24)) {
      faults.push(`${Math.round(box.width)} × ${Math.round(box.height)} px: ${what(element)}`);
    }
  }

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judged = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || judged.has(element) || !seen(element)) continue;
    judged.add(element);
    const below = ground(element);
    if (!below || element.closest("[disabled], script, noscript, .player")) continue;
    const style = getComputedStyle(element);
    const color = over(rgba(style.color), below);
    const [a, b] = [light(color), light(below)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${what(element)}`);
  }

  const wider = document.documentElement.scrollWidth - innerWidth;
  if (wider > 0) {
    const cause = [...document.body.querySelectorAll("*")].findLast(
      (one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility(),
    );
    faults.push(`${wider} px wider than the window: ${cause && what(cause)}`);
  }
  return faults;
}"""

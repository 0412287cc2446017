// Fetches this page again and swaps the parts marked data-live: the server's templates stay the only renderer.

let running = null;
let next = null;

// Who asks while an answer is on its way waits for the one after it: that one may be older than what they heard of.
export function refresh() {
  if (running) {
    next ??= running.catch(() => {}).then(() => ((next = null), refresh()));
    return next;
  }
  running = swap().finally(() => (running = null));
  return running;
}

async function swap() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!other || other.innerHTML === part.innerHTML) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    if (focused?.matches("input, textarea, select")) continue; // somebody is typing there
    const open = part.open;
    const restore = remember(part);
    part.innerHTML = other.innerHTML;
    if (open !== undefined) part.open = open;
    restore();
    if (focused) refocus(part, focused);
  }
}

// What somebody has chosen, typed or unfolded, and not sent yet: swapped parts must not take it back.
function remember(part) {
  const values = [...part.querySelectorAll("input[id], textarea[id], select[id]")]
    .filter((field) => field.value !== givenValue(field))
    .map((field) => [field.id, field.value]);
  const folds = [...part.querySelectorAll("details")].map((fold) => fold.open);
  return () => {
    for (const [id, value] of values) fillIn(part.querySelector(`#${CSS.escape(id)}`), value);
    const fresh = part.querySelectorAll("details");
    if (fresh.length === folds.length) fresh.forEach((fold, index) => (fold.open = folds[index]));
  };
}

function givenValue(field) {
  if (!field.matches("select")) return field.defaultValue;
  return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value;
}

function fillIn(field, value) {
  if (!field || (field.options && ![...field.options].some((option) => option.value === value))) return;
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function refocus(part, focused) {
  const same = focused.dataset.act && part.querySelector(`[data-act="${CSS.escape(focused.dataset.act)}"]`);
  (same || part.querySelector("button, a"))?.focus();
}

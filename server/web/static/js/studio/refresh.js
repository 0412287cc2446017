// Fetches this page again and swaps the parts marked data-live: the server's templates stay the only renderer.

let running = null;
let again = false;

export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = swap().finally(() => {
    running = null;
    if (again) {
      again = false;
      refresh();
    }
  });
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
    part.innerHTML = other.innerHTML;
    if (open !== undefined) part.open = open;
    if (focused) refocus(part, focused);
  }
}

function refocus(part, focused) {
  const same = focused.dataset.act && part.querySelector(`[data-act="${CSS.escape(focused.dataset.act)}"]`);
  (same || part.querySelector("button, a"))?.focus();
}

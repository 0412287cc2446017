// Full screen for any part of the page; where a browser gives it to videos only (iPhones), the part fills the window.

let filling = null;

function listen(event) {
  if (event.key !== "Escape" || !filling) return;
  event.preventDefault();
  leave();
}

function leave() {
  filling.removeAttribute("data-filling");
  filling.dispatchEvent(new Event("fillchange", { bubbles: true }));
  filling = null;
  document.removeEventListener("keydown", listen);
}

export function isFull(element) {
  return document.fullscreenElement === element || filling === element;
}

export function toggleFullOf(element) {
  if (filling) return leave();
  if (document.fullscreenElement === element) return void document.exitFullscreen();
  if (element.requestFullscreen) return void element.requestFullscreen().catch(() => {});
  filling = element;
  element.setAttribute("data-filling", "");
  document.addEventListener("keydown", listen);
  element.dispatchEvent(new Event("fillchange", { bubbles: true }));
}

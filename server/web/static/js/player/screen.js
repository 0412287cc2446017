// The picture as a surface: full screen, picture in picture, clicks and taps on it.

export function toggleFull(root, video) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  else video.webkitEnterFullscreen?.();
}

export function togglePip(video) {
  if (document.pictureInPictureElement) document.exitPictureInPicture();
  else video.requestPictureInPicture?.().catch(() => {});
}

// `started`: whether anything has been played; `toggle` and `full`: what a click and a double click do.
export function listenToPicture({ video, quiet, menus, started, toggle, full }) {
  let touched = false;
  let wasQuiet = false;
  video.addEventListener("pointerdown", (event) => {
    touched = event.pointerType !== "mouse";
    wasQuiet = quiet.isQuiet;
    if (touched) quiet.wake();
  });
  video.addEventListener("click", () => {
    if (menus.isOpen) return menus.close(false);
    // A finger first brings the controls back; a mouse plays and pauses.
    if (touched && started()) return wasQuiet ? undefined : quiet.settle(0);
    toggle();
  });
  video.addEventListener("dblclick", () => !touched && full());
}

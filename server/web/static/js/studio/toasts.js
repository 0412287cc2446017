// Short words at the foot of the window, with an undo where there is one.

const STAYS_MS = 9000;

// `gone` is called when the words went away by themselves: nobody took the action back.
export function toast(text, { action = null, bad = false, gone = null } = {}) {
  const place = document.querySelector("[data-toasts]");
  const note = document.createElement("div");
  note.className = bad ? "toast bad" : "toast";
  note.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (action) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: action.label });
    button.addEventListener("click", () => {
      clearTimeout(timer);
      note.remove();
      action.run();
    });
    note.append(button);
  }
  place.append(note);
  const leave = () => {
    note.remove();
    gone?.();
  };
  let timer = setTimeout(leave, STAYS_MS);
  // Whoever reads or reaches for it has time (WCAG 2.2.1).
  for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) {
    note.addEventListener(name, () => {
      clearTimeout(timer);
      if (note.isConnected) timer = setTimeout(leave, STAYS_MS);
    });
  }
}

// A question before what cannot be taken back. Escape and a click beside it mean no.

import { say } from "../texts.js";

export function ask(text) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask card";
  const words = Object.assign(document.createElement("p"), { textContent: text, id: "asked" });
  dialog.setAttribute("aria-labelledby", words.id);
  const row = Object.assign(document.createElement("div"), { className: "row" });
  for (const [value, label, kind] of [
    ["", say("no"), "button"],
    ["yes", say("yes"), "button strong"],
  ]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: kind, textContent: label });
    button.addEventListener("click", () => dialog.close(value));
    row.append(button);
  }
  dialog.append(words, row);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

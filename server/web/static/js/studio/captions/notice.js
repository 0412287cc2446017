// A sentence over the editor with what can be done about it; it stays until it is settled.

export class Notice {
  constructor(root) {
    const find = (name) => root.querySelector(`[data-notice${name}]`);
    this.box = find("");
    this.text = find("-text");
    this.acts = find("-acts");
    this.voice = root.querySelector("[data-voice]");
  }

  // `acts`: {label, run}
  say(text, ...acts) {
    this.box.hidden = false;
    this.text.textContent = text;
    this.voice.textContent = text;
    this.acts.replaceChildren(
      ...acts.map(({ label, run }) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
        button.addEventListener("click", run);
        return button;
      }),
    );
  }

  clear() {
    this.box.hidden = true;
  }
}

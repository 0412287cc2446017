// What was changed, by whom and when, the newest first.

import { language, say } from "../../texts.js";
import { make } from "./names.js";

const WHEN = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });

export function whoText(entry) {
  return entry.by || say("somebody");
}

export class History {
  // `ask()` answers the entries.
  constructor(root, ask) {
    this.fold = root.querySelector("[data-history-fold]");
    this.list = root.querySelector("[data-history]");
    this.ask = ask;
    this.version = null;
    this.wanted = null;
    this.fold.addEventListener("toggle", () => this.load());
  }

  show(version) {
    this.wanted = version;
    this.load();
  }

  async load() {
    if (!this.fold.open || this.fold.hidden || this.version === this.wanted) return;
    this.version = this.wanted;
    try {
      this.draw(await this.ask());
    } catch (error) {
      this.version = null;
      this.list.replaceChildren(make("li", { className: "quiet" }, error.message));
    }
  }

  draw(entries) {
    if (!entries.length) {
      this.list.replaceChildren(make("li", { className: "quiet" }, say("history_empty")));
      return;
    }
    this.list.replaceChildren(
      ...entries.map((entry) =>
        make(
          "li",
          { dataset: { undone: String(Boolean(entry.undone)) } },
          make("span", {}, entry.words),
          make("span", { className: "quiet small" }, `${whoText(entry)}, ${WHEN.format(new Date(entry.at))}${entry.undone ? `, ${say("undone")}` : ""}`),
        ),
      ),
    );
  }
}

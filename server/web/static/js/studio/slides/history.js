// What was changed, by whom and when, the newest first.

import { language, say } from "../../texts.js";
import { make, pageName } from "./names.js";
import { clock } from "./scale.js";

const WHEN = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });

export function whoText(entry) {
  return entry.by || say("somebody");
}

// What was done, in the reader's language. Of edits from before it was kept there are English words only.
export function editText(entry, decks) {
  const { asked } = entry;
  if (!asked) return entry.words;
  const [start, end, from, to] = [asked.start_ms, asked.end_ms, asked.from_ms, asked.to_ms].map((ms) => clock(ms ?? 0));
  switch (asked.op) {
    case "set":
      return say("did_set", { page: pageName(decks, asked.deck, asked.page), from: start, to: end });
    case "move":
      return say("did_move", { from, to });
    case "delete":
      return say("did_join", { at: start });
    case "shift":
      return say("did_shift", { seconds: signed(asked.by_ms / 1000) });
    case "renumber":
      return say("did_renumber", { at: from, by: signed(asked.by) });
    default:
      return entry.words;
  }
}

function signed(number) {
  return new Intl.NumberFormat(language, { signDisplay: "always", maximumFractionDigits: 3 }).format(number);
}

export class History {
  // `ask()` answers the entries; `decks()` those that are shown, which give pages their names.
  constructor(root, ask, decks) {
    this.decks = decks;
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
          make("span", {}, editText(entry, this.decks())),
          make("span", { className: "quiet small" }, `${whoText(entry)}, ${WHEN.format(new Date(entry.at))}${entry.undone ? `, ${say("undone")}` : ""}`),
        ),
      ),
    );
  }
}

// The frame's end of the talk with the page around it. Only the parent window is heard, and only it is told anything; what
// is told goes to the origin that said hello and to no other. Of closed events other sites learn times, not words.

import { answerTo, requestIn, VERSION } from "./protocol.js";

const HELLO_FIRST = { semma: VERSION, ok: false, error: { code: "hello_first", detail: "Say hello in version 1 first." } };

export class Control {
  // `desk`: see protocol.js; `isClosed`: the event is for its attendees only.
  constructor(desk, { isClosed, frame = window }) {
    this.desk = desk;
    this.isClosed = isClosed;
    this.parent = frame.parent === frame ? null : frame.parent;
    this.home = frame.location.origin;
    this.origin = null; // of the page, once it said hello
    if (!this.parent) return;
    frame.addEventListener("message", (event) => event.source === this.parent && this.hear(event));
    this.parent.postMessage({ semma: VERSION, event: "hello" }, "*"); // says nothing but that somebody is here
  }

  // Whether words (titles, captions) may be told.
  get mayTellWords() {
    return !this.isClosed || this.origin === this.home;
  }

  async hear({ data, origin }) {
    const request = requestIn(data);
    if (!request) return;
    const isHello = request.method === "hello" && request.version === VERSION;
    if (isHello) this.origin = origin;
    const answer = this.origin === origin ? await answerTo(request, this.desk) : HELLO_FIRST;
    this.post({ ...this.seen(answer), id: request.id }, origin);
    if (isHello) this.desk.greeted();
  }

  // Tells of something that happened; `words` are left out where they are nobody's business.
  tell(event, details = {}, words = {}) {
    if (this.origin === null) return;
    this.post({ semma: VERSION, event, ...details, ...(this.mayTellWords ? words : {}) }, this.origin);
  }

  seen(answer) {
    if (!answer.state || this.mayTellWords) return answer;
    const { title, session, room, ...rest } = answer.state;
    return { ...answer, state: rest };
  }

  post(message, origin) {
    // A sandboxed page has no origin to name ("null"); it is still the parent window alone that gets it.
    this.parent?.postMessage(message, origin === "null" ? "*" : origin);
  }
}

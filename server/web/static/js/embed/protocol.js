// What a page says to a player in its frame, and what that answers (docs/embeds.md). Pure.
//
// A page asks {semma: 1, id, method, params}; the answer is {semma: 1, id, ok: true, state} or {semma: 1, id, ok: false,
// error: {code, detail}}. What happens is told as {semma: 1, event, …}.

export const VERSION = 1;

export class Refusal extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

// The request in a message's data; null when it is none of ours.
export function requestIn(data) {
  if (typeof data !== "object" || data === null || !Number.isInteger(data.semma) || typeof data.method !== "string") return null;
  const params = typeof data.params === "object" && data.params !== null ? data.params : {};
  return { version: data.semma, id: ["string", "number"].includes(typeof data.id) ? data.id : null, method: data.method, params };
}

const between = (least, most) => (value) => typeof value === "number" && value >= least && value <= most;
const METHODS = {
  hello: {},
  getState: {},
  play: {},
  pause: {},
  goLive: {},
  seek: { at: between(0, Number.MAX_SAFE_INTEGER) },
  setVolume: { volume: between(0, 1) },
  setMuted: { muted: (value) => typeof value === "boolean" },
  setRate: { rate: between(0.25, 4) },
  setCaptions: { language: (value) => value === null || (typeof value === "string" && value.length <= 20) },
};

// Does what is asked; `desk` has a function a method and `state()`. Answers a message without its id.
export async function answerTo({ version, method, params }, desk) {
  try {
    if (version !== VERSION) throw new Refusal("version", `This player speaks version ${VERSION} only.`);
    if (!Object.hasOwn(METHODS, method)) throw new Refusal("method", `There is no method ${method.slice(0, 40)}.`);
    for (const [name, fits] of Object.entries(METHODS[method])) {
      if (!fits(params[name])) throw new Refusal("params", `${method} needs a fitting \`${name}\`.`);
    }
    await desk[method]?.(params);
    if (!desk[method] && !["hello", "getState"].includes(method)) throw new Refusal("unavailable", `${method} cannot be done here.`);
    return { semma: VERSION, ok: true, state: desk.state() };
  } catch (error) {
    const { code, message } = error instanceof Refusal ? error : refusalOf(error);
    return { semma: VERSION, ok: false, error: { code, detail: message } };
  }
}

// The browser's own no to playing, in our words.
function refusalOf(error) {
  if (error.name === "NotAllowedError") {
    return new Refusal("not_allowed", 'The browser wants a click first: mute, or give the frame allow="autoplay".');
  }
  return new Refusal("failed", "That did not work.");
}

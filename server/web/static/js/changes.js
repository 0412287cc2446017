// An event's changes as they happen: server-sent events, and plain asking when the stream cannot be had.

const POLL_MS = 5000;

// Calls `onChange` with every change; `ask`, when given, is called at (re)connection and, without a stream, every few
// seconds, because what happened in between is not repeated. Returns a function that stops it all.
export function follow(eventId, onChange, ask = null) {
  const source = new EventSource(`/api/v1/events/${encodeURIComponent(eventId)}/changes`);
  let timer = null;
  const poll = () => {
    ask?.();
    timer = setTimeout(poll, POLL_MS);
  };
  const receive = (message) => {
    try {
      onChange(JSON.parse(message.data));
    } catch (error) {
      console.warn("semma: a change that is not JSON", error);
    }
  };
  source.addEventListener("change", receive);
  source.addEventListener("resync", () => ask?.()); // the server may have missed telling something
  source.addEventListener("open", () => {
    clearTimeout(timer);
    timer = null;
    ask?.();
  });
  source.addEventListener("error", () => {
    if (timer === null && ask) timer = setTimeout(poll, POLL_MS);
  });
  return () => {
    source.close();
    clearTimeout(timer);
  };
}

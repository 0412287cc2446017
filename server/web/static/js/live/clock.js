// The server's clock seen from here. Viewers' clocks are wrong by seconds or hours; latency is shown by the server's.

export class ServerClock {
  constructor() {
    this.offset = 0; // ms to add to this machine's clock
    this.doubt = Infinity; // half the round trip of the best answer
  }

  // An answer that says the server's time (ms since 1970): it was that then, somewhere between asking and hearing.
  heard(serverTime, askedAt, heardAt) {
    const doubt = (heardAt - askedAt) / 2;
    if (!Number.isFinite(serverTime) || doubt < 0) return;
    // What was good ages slowly: a clock that was set since is noticed.
    this.doubt += 5;
    if (doubt > this.doubt) return;
    this.doubt = doubt;
    this.offset = serverTime - (askedAt + doubt);
  }

  now() {
    return Date.now() + (this.doubt === Infinity ? 0 : this.offset);
  }
}

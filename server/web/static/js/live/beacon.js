// Tells the server every few seconds that somebody watches here, and how well. The id is of this tab and this visit
// only: nobody is recognised by it.

const EVERY_MS = 15_000;

export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Beacon {
  // `address()`: where to send it, or null; `report()`: what to say; `onAnswer(answer, askedAt, heardAt)`.
  constructor({ address, isWatching, report, onAnswer }) {
    Object.assign(this, { address, isWatching, report, onAnswer });
    this.id = randomId();
    setInterval(() => this.send(), EVERY_MS);
  }

  async send() {
    const address = this.address();
    if (!address || !this.isWatching()) return;
    const askedAt = Date.now();
    try {
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ id: this.id, ...this.report() }),
      });
      const heardAt = Date.now();
      if (answer.ok && answer.status !== 204) this.onAnswer(await answer.json(), askedAt, heardAt);
    } catch {
      // The next one counts as well.
    }
  }
}

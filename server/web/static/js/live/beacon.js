// Tells the server every few seconds that somebody watches here. The id is of this tab and this visit only: nobody is
// recognised by it.

const EVERY_MS = 15_000;

export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Beacon {
  // `address()`: where to send it, or null; `onAnswer({viewers})`.
  constructor({ address, isWatching, onAnswer }) {
    Object.assign(this, { address, isWatching, onAnswer });
    this.id = randomId();
    setInterval(() => this.send(), EVERY_MS);
  }

  async send() {
    const address = this.address();
    if (!address || !this.isWatching()) return;
    try {
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ id: this.id }),
      });
      if (answer.ok) this.onAnswer(await answer.json());
    } catch {
      // The next one counts as well.
    }
  }
}

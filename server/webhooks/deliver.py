"""What a try came to: written into the log, tried again later, or given up with the webhook paused."""

from datetime import timedelta

from server.core.clock import now
from server.core.db import Db
from server.webhooks.facts import PING
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.queue_up import DELIVERED, FAILED, WAITING, order_try
from server.webhooks.register import pause
from server.webhooks.retry import pause_s, succeeded, wants_no_more
from server.webhooks.send import Outcome

MOST_LOGGED = 20
_GONE = "The other side answered that this address is gone for good (410)."
_GIVEN_UP = "{fact} was tried {tries} times for three days without success. The last time: {why}"


def is_due(webhook: Webhook, row: WebhookDelivery, number: int) -> bool:
    """Whether this try is to be made: not when it was made already, or the webhook was paused meanwhile."""
    return row.state == WAITING and row.tries == number - 1 and (webhook.paused_at is None or row.fact == PING)


async def note_try(db: Db, webhook: Webhook, row: WebhookDelivery, outcome: Outcome) -> None:
    """Write down what became of it, and what follows."""
    row.tries += 1
    entry = {
        "at": now().isoformat(),
        "status": outcome.status,
        "duration_ms": outcome.duration_ms,
        "response": outcome.response,
        "error": outcome.error,
    }
    row.log = [*row.log, entry][-MOST_LOGGED:]
    row.next_try_at = None
    if outcome.status is not None and succeeded(outcome.status):
        row.state, row.ended_at = DELIVERED, now()
        return
    wait_s = pause_s(row.tries, row.id)
    if row.fact == PING or wait_s is None or (outcome.status is not None and wants_no_more(outcome.status)):
        _give_up(webhook, row, outcome)
        return
    row.next_try_at = now() + timedelta(seconds=wait_s)
    await order_try(db, row, delay_s=wait_s)


def _give_up(webhook: Webhook, row: WebhookDelivery, outcome: Outcome) -> None:
    row.state, row.ended_at = FAILED, now()
    if row.fact == PING:
        return
    if outcome.status is not None and wants_no_more(outcome.status):
        pause(webhook, _GONE)
        return
    why = outcome.error or f"the answer was {outcome.status}."
    pause(webhook, _GIVEN_UP.format(fact=row.fact, tries=row.tries, why=why))

"""Orders of webhooks."""

from server.core.jobs import Job


class DeliverWebhook(Job, frozen=True, kw_only=True):
    """Try one delivery once. Its subject is the webhook's id; `number` is the try, from 1: another one does nothing."""

    name = "webhooks.deliver"
    queue = "light"
    delivery: str
    number: int

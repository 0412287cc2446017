"""Everything that can go wrong with webhooks."""

from server.core.errors import Conflict, Invalid, NotFound


class WebhookNotFound(NotFound):
    """No such webhook for this asker."""

    code = "webhooks.not_found"
    says = "There is no such webhook."


class DeliveryNotFound(NotFound):
    """No such delivery of this webhook."""

    code = "webhooks.delivery_not_found"
    says = "There is no such delivery, or it was sent so long ago that the log has forgotten it."


class WebhookSecretUnfit(Invalid):
    """Not what signatures are made with."""

    code = "webhooks.secret_unfit"
    says = "A secret is `whsec_` and base64 of 24 to 64 bytes; leave it out to have one made."


class WebhookFactUnknown(Invalid):
    """Nothing of this name happens here."""

    code = "webhooks.fact_unknown"


class TooManyWebhooks(Conflict):
    """More addresses than anybody looks after."""

    code = "webhooks.too_many"
    says = "There are 20 webhooks here already; delete one first."


class WebhookPaused(Conflict):
    """Nothing is sent before somebody looked at why."""

    code = "webhooks.paused"
    says = "This webhook is paused; resume it first."

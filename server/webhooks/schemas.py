"""Webhooks over HTTP."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.webhooks.facts import FACTS
from server.webhooks.models import Webhook, WebhookDelivery

_Url = Annotated[str, Meta(max_length=2000, examples=["https://example.org/hooks/semma"])]
_Facts = Annotated[list[str], Meta(min_length=1, max_length=20, description=f"Of {', '.join(FACTS)}.")]
_Description = Annotated[str, Meta(max_length=200, examples=["Matrix room of the crew"])]


class WebhookIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A webhook to register."""

    url: _Url
    facts: _Facts
    description: _Description = ""
    secret: Annotated[
        str, Meta(max_length=200, description="`whsec_` and base64 of 24 to 64 bytes; empty: one is made.")
    ] = ""


class WebhookChanges(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Only what is named changes."""

    url: _Url | UnsetType = UNSET
    facts: _Facts | UnsetType = UNSET
    description: _Description | UnsetType = UNSET


class WebhookView(msgspec.Struct, kw_only=True):
    """A webhook. Its secret is told when it is made, and never again."""

    id: str
    event: Annotated[str | None, Meta(description="Null: of all events.")]
    url: _Url
    description: str
    facts: list[str]
    paused_at: Annotated[datetime | None, Meta(description="Nothing is sent since then.")]
    paused_because: Annotated[str, Meta(description="Why, in words.")]
    old_secret_until: Annotated[datetime | None, Meta(description="Until then the secret before signs too.")]
    created_at: datetime


class WebhookMade(msgspec.Struct, kw_only=True):
    """A webhook with its new secret: keep it, it is told this once."""

    webhook: WebhookView
    secret: Annotated[str, Meta(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class TryView(msgspec.Struct, kw_only=True):
    """One try of a delivery."""

    at: datetime
    status: Annotated[int | None, Meta(description="Of the answer; null when there was none.")]
    duration_ms: int
    response: Annotated[str, Meta(description="How the answer begins.")]
    error: str


class DeliveryView(msgspec.Struct, kw_only=True):
    """One message on its way."""

    id: str
    message_id: Annotated[str, Meta(description="`webhook-id`: the same with every try.")]
    fact: str
    state: Annotated[str, Meta(description="waiting, delivered or failed.")]
    body: str
    tries: list[TryView]
    next_try_at: datetime | None
    created_at: datetime


def webhook_view(row: Webhook) -> WebhookView:
    """A webhook without its secret."""
    return WebhookView(
        id=row.id,
        event=row.event_id,
        url=row.url,
        description=row.description,
        facts=row.facts,
        paused_at=row.paused_at,
        paused_because=row.paused_because,
        old_secret_until=row.old_until,
        created_at=row.created_at,
    )


def delivery_view(row: WebhookDelivery) -> DeliveryView:
    """A delivery with its log."""
    return DeliveryView(
        id=row.id,
        message_id=row.message_id,
        fact=row.fact,
        state=row.state,
        body=row.body,
        tries=[_try(entry) for entry in row.log],
        next_try_at=row.next_try_at,
        created_at=row.created_at,
    )


def _try(entry: dict[str, Any]) -> TryView:
    return TryView(
        at=datetime.fromisoformat(entry["at"]),
        status=entry["status"],
        duration_ms=entry["duration_ms"],
        response=entry["response"],
        error=entry["error"],
    )

"""Webhook endpoints: register, look, change, delete, ping, new secret, resume; the log, and sending again."""

from typing import Any

from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.db import Db
from server.core.http import (
    PROBLEM_RESPONSES,
    After,
    Limit,
    Page,
    check_if_match,
    decode_cursor,
    encode_cursor,
    json_with_etag,
)
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.queries import get_event
from server.webhooks.errors import WebhookPaused
from server.webhooks.queries import deliveries_of, get_delivery, get_webhook, require_webhooks_of, webhooks_of
from server.webhooks.queue_up import queue_ping, send_again
from server.webhooks.register import checked_facts, checked_url, register, resume, rotate
from server.webhooks.schemas import (
    DeliveryView,
    WebhookChanges,
    WebhookIn,
    WebhookMade,
    WebhookView,
    delivery_view,
    webhook_view,
)

_ERRORS: dict[str, Any] = {"responses": PROBLEM_RESPONSES}


async def _list(db: Db, event_id: str | None) -> Page[WebhookView]:
    return Page(items=[webhook_view(row) for row in await webhooks_of(db, event_id)], next=None)


async def _register(db: Db, runtime: Runtime, actor: Actor, event_id: str | None, data: WebhookIn) -> WebhookMade:
    row, secret = await register(
        db,
        runtime.keyring,
        event_id=event_id,
        url=data.url,
        facts=data.facts,
        description=data.description,
        secret=data.secret,
        created_by=actor.user_id,
    )
    return WebhookMade(webhook=webhook_view(row), secret=secret)


@get("/events/{event:str}/webhooks", summary="List an event's webhooks", **_ERRORS)
async def list_event_webhooks(
    event: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> Page[WebhookView]:
    """For its organisers, all on one page."""
    async with runtime.database.read() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        return await _list(db, owner.id)


@post("/events/{event:str}/webhooks", summary="Register a webhook for an event", **_ERRORS)
async def register_event_webhook(
    event: FromPath[str], data: JSONBody[WebhookIn], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> WebhookMade:
    """Facts of this event are sent to the address, signed as the Standard Webhooks specification says."""
    async with runtime.database.write() as db:
        owner = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT, lock=True)
        return await _register(db, runtime, actor, owner.id, data)


@get("/webhooks", summary="List the webhooks of all events", **_ERRORS)
async def list_site_webhooks(runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]) -> Page[WebhookView]:
    """For admins: those that are told of every event."""
    async with runtime.database.read() as db:
        await require_webhooks_of(db, actor, None)
        return await _list(db, None)


@post("/webhooks", summary="Register a webhook for all events", **_ERRORS)
async def register_site_webhook(
    data: JSONBody[WebhookIn], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> WebhookMade:
    """For admins."""
    async with runtime.database.write() as db:
        await require_webhooks_of(db, actor, None)
        return await _register(db, runtime, actor, None, data)


@get("/webhooks/{webhook:str}", summary="A webhook", **_ERRORS)
async def show_webhook(
    request: Request[Any, Any, Any],
    webhook: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[WebhookView]:
    """Where it leads, what it is told of, whether it is paused."""
    async with runtime.database.read() as db:
        row = await get_webhook(db, actor, webhook)
    return json_with_etag(request, webhook_view(row), row.version)


@patch("/webhooks/{webhook:str}", summary="Change a webhook", **_ERRORS)
async def change_webhook(
    request: Request[Any, Any, Any],
    webhook: FromPath[str],
    data: JSONBody[WebhookChanges],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[WebhookView]:
    """What waits is sent to the new address."""
    async with runtime.database.write() as db:
        row = await get_webhook(db, actor, webhook, lock=True)
        check_if_match(request, row.version)
        if data.url is not UNSET:
            row.url = checked_url(data.url)
        if data.facts is not UNSET:
            row.facts = checked_facts(data.facts)
        if data.description is not UNSET:
            row.description = data.description
        row.version += 1
        await db.flush()
    return json_with_etag(request, webhook_view(row), row.version)


@delete("/webhooks/{webhook:str}", status_code=204, summary="Delete a webhook and its log", **_ERRORS)
async def delete_webhook(
    webhook: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> None:
    """At once and for good: nothing more is sent."""
    async with runtime.database.write() as db:
        await db.delete(await get_webhook(db, actor, webhook, lock=True))


@post("/webhooks/{webhook:str}/ping", status_code=202, summary="Send a message to try a webhook", **_ERRORS)
async def ping_webhook(
    webhook: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> DeliveryView:
    """A `webhook.ping`, tried once, also while the webhook is paused; the log says what became of it."""
    async with runtime.database.write() as db:
        row = await get_webhook(db, actor, webhook)
        return delivery_view(await queue_ping(db, row, f"msg_{new_id()}"))


@post("/webhooks/{webhook:str}/rotate", status_code=200, summary="Give a webhook a new secret", **_ERRORS)
async def rotate_secret(
    webhook: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> WebhookMade:
    """For a day the secret before signs beside it, so that the other side can change at its leisure."""
    async with runtime.database.write() as db:
        row = await get_webhook(db, actor, webhook, lock=True)
        secret = rotate(runtime.keyring, row)
        return WebhookMade(webhook=webhook_view(row), secret=secret)


@post("/webhooks/{webhook:str}/resume", status_code=200, summary="Resume a paused webhook", **_ERRORS)
async def resume_webhook(
    request: Request[Any, Any, Any],
    webhook: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
) -> Response[WebhookView]:
    """What happened while it was paused is sent now; what was given up is not, but can be sent again by hand."""
    async with runtime.database.write() as db:
        row = await get_webhook(db, actor, webhook, lock=True)
        await resume(db, row)
    return json_with_etag(request, webhook_view(row), row.version)


@get("/webhooks/{webhook:str}/deliveries", summary="What was sent to a webhook", **_ERRORS)
async def list_deliveries(
    webhook: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    limit: Limit = 50,
    after: After = None,
) -> Page[DeliveryView]:
    """The newest first, with every try; kept for 30 days."""
    cursor = decode_cursor(after, length=2) if after else None
    async with runtime.database.read() as db:
        row = await get_webhook(db, actor, webhook)
        found, following = await deliveries_of(db, row.id, limit=limit, after=cursor)
    return Page(items=[delivery_view(one) for one in found], next=encode_cursor(following) if following else None)


@post(
    "/webhooks/{webhook:str}/deliveries/{delivery:str}/again",
    status_code=202,
    summary="Send a message again",
    **_ERRORS,
)
async def send_delivery_again(
    webhook: FromPath[str], delivery: FromPath[str], runtime: NamedDependency[Runtime], actor: NamedDependency[Actor]
) -> DeliveryView:
    """The same message, with the same id, whatever became of it before."""
    async with runtime.database.write() as db:
        row = await get_webhook(db, actor, webhook)
        found = await get_delivery(db, row, delivery)
        if row.paused_at is not None:
            raise WebhookPaused
        await send_again(db, found)
        return delivery_view(found)


webhooks_router = Router(
    path="/api/v1",
    route_handlers=[
        list_event_webhooks,
        register_event_webhook,
        list_site_webhooks,
        register_site_webhook,
        show_webhook,
        change_webhook,
        delete_webhook,
        ping_webhook,
        rotate_secret,
        resume_webhook,
        list_deliveries,
        send_delivery_again,
    ],
    tags=["webhooks"],
)

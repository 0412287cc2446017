"""The studio's page of what an event gives to the outside: downloads and podcasts, and webhooks with their log."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.accounts.actor import Actor
from server.accounts.policy import Action
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event
from server.events.queries import get_event
from server.playback.downloads import choices_of
from server.web.languages import catalogue
from server.web.respond import READ, language_of
from server.web.studio import studio_page, turned_away
from server.web.texts import studio_texts
from server.web.view import View
from server.webhooks.facts import FACTS
from server.webhooks.models import Webhook, WebhookDelivery
from server.webhooks.queries import deliveries_of, webhooks_of

AnyRequest = Request[Any, Any, Any]
_LOGGED = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class HookShown:
    """A webhook with the end of its log."""

    row: Webhook
    log: list[WebhookDelivery]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideBoard:
    """All of the page. `allowed`: yes, no or by the licence (None)."""

    allowed: bool | None
    podcast: bool
    hooks: list[HookShown]


async def read_outside_board(db: Db, event: Event) -> OutsideBoard:
    """Two statements, and one a webhook."""
    choice = (await choices_of(db, [event.id])).get(event.id)
    hooks = []
    for row in await webhooks_of(db, event.id):
        log, _next = await deliveries_of(db, row.id, limit=_LOGGED, after=None)
        hooks.append(HookShown(row=row, log=log))
    return OutsideBoard(
        allowed=choice.allowed if choice else None, podcast=bool(choice and choice.podcast), hooks=hooks
    )


@route("/studio/{event:str}/outside", http_method=READ, opt={"public": True}, include_in_schema=False)
async def studio_outside(
    request: AnyRequest,
    event: FromPath[str],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """Downloads, podcasts, webhooks."""
    if away := turned_away(request, actor):
        return away
    async with runtime.database.read() as db:
        row = await get_event(db, event, actor=actor, action=Action.EDIT_EVENT)
        board = await read_outside_board(db, row)
    return studio_page(
        request,
        runtime,
        view,
        "outside.html",
        actor,
        event=row,
        board=board,
        facts=FACTS,
        texts=studio_texts(catalogue(language_of(request)).gettext),
    )


outside_handlers = [studio_outside]

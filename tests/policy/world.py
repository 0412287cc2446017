"""One event of every visibility with everything in it, and everybody who may ask."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from server.accounts.attendees import Person
from server.accounts.csrf import make_token as make_csrf_token
from server.accounts.enter import fold_code
from server.accounts.grants import give_grant
from server.accounts.links import add_code_pass, add_link_pass, make_links
from server.accounts.login import open_login
from server.accounts.models import PersonalLink, User
from server.accounts.passwords import hash_code, hash_password
from server.accounts.tokens import SCOPES, make_token
from server.accounts.users import create_user, set_password_hash
from server.core.clock import now
from server.core.db import Db
from server.core.runtime import Runtime
from server.events.models import Event, EventLink, LinkSuggestion, Room, Series, Track
from server.events.pictures import event_pictures_prefix
from server.live.models import Broadcast, StreamKey, Stretch
from server.playback.downloads import download_key
from server.playback.models import CaptionTrack, Download, DownloadChoice
from server.recordings.models import READY, Chunk, Recording, Rendition, Source
from server.sessions.formats.form import ReadProgramme
from server.sessions.imports.models import Import, ImportedSession, ProgrammeSource
from server.sessions.imports.packed import pack
from server.sessions.models import Session, SessionLink, SessionSpeaker, Speaker
from server.slides.keys import deck_prefix
from server.slides.models import Deck, DeckPage
from server.uploads.models import Upload
from server.web.statics import read_statics
from server.webhooks.models import Webhook, WebhookDelivery
from tests.policy.table import VISIBILITIES

PASSWORD, CODE = "correct horse battery staple", "semma 2027"
LIVE_FROM = now() - timedelta(minutes=20)
PICTURE = "r1/0001-large.webp"


@dataclass
class Asker:
    """How somebody asks, and the ids only they have."""

    headers: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """Path words by visibility, and askers by visibility and name."""

    words: dict[str, dict[str, str]] = field(default_factory=dict)
    askers: dict[str, dict[str, Asker]] = field(default_factory=dict)


async def make_world(runtime: Runtime) -> World:
    """Everything, in one transaction."""
    world = World()
    code_hash, password_hash = await hash_code(fold_code(CODE)), await hash_password(PASSWORD)
    async with runtime.database.write() as db:
        users = {name: await create_user(db, email=f"{name}@example.org", is_admin=name == "admin") for name in _USERS}
        for user in users.values():
            await set_password_hash(db, user.id, password_hash)
        shared = await _shared(db, runtime, users)
        for visibility in VISIBILITIES:
            words = shared | await _an_event(db, runtime, visibility, users, code_hash)
            world.words[visibility] = words
            world.askers[visibility] = await _askers(db, runtime, users, words)
    return world


_USERS = ("other", "speaker", "organiser", "admin", "newcomer", "bystander")


async def _add(db: Db, row: Any) -> str:
    db.add(row)
    await db.flush()
    return str(row.id)


async def _shared(db: Db, runtime: Runtime, users: dict[str, User]) -> dict[str, str]:
    """What stands beside events."""
    elsewhere = await _add(db, Event(slug="elsewhere", title="Elsewhere"))
    await give_grant(db, user_id=users["other"].id, role="organiser", event_id=elsewhere)
    token, _secret = await make_token(db, user_id=users["admin"].id, name="t", scopes=SCOPES)
    return {
        "series": await _add(db, Series(slug="series", title="Series")),
        "series_deleted": await _add(db, Series(slug="gone", title="Gone", deleted_at=now())),
        "user_id": users["bystander"].id,
        "token_id": token.id,
        "token": "public",
        "file": "index.m3u8",
        "number": "1",
        "picture": PICTURE,
        "digest": read_statics().url("img/mark.svg").split("/")[2],
        "path": "img/mark.svg",
        "look": "0b7285.css",
    }


async def _an_event(
    db: Db, runtime: Runtime, visibility: str, users: dict[str, User], code_hash: str
) -> dict[str, str]:
    """An event with everything in it; its ids by the names paths use."""
    event = await _add(
        db, Event(slug=f"{visibility}-event", title="E", visibility=visibility, access_code_hash=code_hash)
    )
    gone = await _add(db, Event(slug=f"{visibility}-gone", title="G", visibility=visibility, deleted_at=now()))
    for event_id in (event, gone):
        await give_grant(db, user_id=users["organiser"].id, role="organiser", event_id=event_id)
    grant = await give_grant(db, user_id=users["bystander"].id, role="viewer", event_id=event)
    words = {"event": event, "event_slug": f"{visibility}-event", "event_deleted": gone, "grant_id": grant.id}
    for kind, model in (("room", Room), ("track", Track)):
        words[kind] = await _add(db, model(event_id=event, slug=kind, name=kind))
        words[f"{kind}_deleted"] = await _add(
            db, model(event_id=event, slug=f"{kind}-gone", name=kind, deleted_at=now())
        )
    link = {"kind": "blog", "url": "https://example.org/"}
    words["event_link"] = await _add(db, EventLink(event_id=event, **link))
    words["suggestion"] = await _add(db, LinkSuggestion(event_id=event, kind="blog", url="https://example.org/new"))
    words["event_picture"] = f"{event}.webp"
    await runtime.store.put(event_pictures_prefix(event) + words["event_picture"], b"bytes")
    words["event_link_deleted"] = await _add(db, EventLink(event_id=event, deleted_at=now(), **link))
    words |= await _sessions(db, event, users)
    words |= await _media(db, runtime, event, words)
    words |= await _live(db, event, words)
    db.add(DownloadChoice(id=event, podcast=True))
    hook = Webhook(event_id=event, url="https://example.org/", facts=[], secret=runtime.keyring.encrypt("whsec_"))
    words["webhook"] = await _add(db, hook)
    sent = {"webhook_id": words["webhook"], "message_id": "msg_1", "fact": "room.live", "body": "{}"}
    words["delivery"] = await _add(db, WebhookDelivery(**sent))
    words |= await _imports(db, event, words)
    attendee, speaker = Person(1, "attendee@example.org", "A"), Person(1, "", "S")
    (viewer_link, viewer_secret), *_ = await make_links(db, [attendee], event_id=event)
    (speaker_link, _), *_ = await make_links(db, [speaker], event_id=event, session_id=words["session"])
    return words | {
        "attendee_link": viewer_link.id,
        "join_secret": viewer_secret,
        "speaker_link": speaker_link.id,
    }


async def _imports(db: Db, event: str, words: dict[str, str]) -> dict[str, str]:
    """A source, an import that waits and asks, and what was imported of the session."""
    source = await _add(db, ProgrammeSource(event_id=event, url="https://example.org/p.json", answers={}))
    session = words["session"]
    asked = {"key": "k", "title": "T", "starts_at": None, "session": session, "session_title": "T", "why": "."}
    one = Import(
        event_id=event,
        source_id=source,
        state="shown",
        programme=pack(ReadProgramme(form="test")),
        diff={"questions": [asked | {"session_starts_at": None}]},
        notes=[],
        undo={},
    )
    said = ImportedSession(source_id=source, event_id=event, session_id=session, key="g", values={}, seen_at=now())
    await _add(db, said)
    return {"source": source, "import_id": await _add(db, one)}


async def _sessions(db: Db, event: str, users: dict[str, User]) -> dict[str, str]:
    session = await _add(db, Session(event_id=event, guid="a", slug="talk", title="T", starts_at=now()))
    gone = await _add(db, Session(event_id=event, guid="b", slug="gone", title="G", deleted_at=now()))
    grant = await give_grant(db, user_id=users["speaker"].id, role="speaker", event_id=event, session_id=session)
    link = {"kind": "blog", "url": "https://example.org/"}
    speaker = await _add(db, Speaker(slug=f"s-{event}", name="S"))
    idle = await _add(db, Speaker(slug=f"gone-{event}", name="G", deleted_at=now()))
    db.add_all(
        [SessionSpeaker(session_id=session, speaker_id=speaker), SessionSpeaker(session_id=session, speaker_id=idle)]
    )
    return {
        "session": session,
        "session_slug": "talk",
        "session_deleted": gone,
        "session_grant": grant.id,
        "session_link": await _add(db, SessionLink(session_id=session, **link)),
        "session_link_deleted": await _add(db, SessionLink(session_id=session, deleted_at=now(), **link)),
        "session_slides_link": await _add(db, SessionLink(session_id=session, kind="slides", url=link["url"])),
        "speaker": speaker,
        "speaker_deleted": idle,
    }


async def _page(db: Db, runtime: Runtime, deck_id: str) -> None:
    """The one page of a deck, with a picture."""
    db.add(DeckPage(deck_id=deck_id, number=1, slide=1, width_px=16, height_px=9))
    await runtime.store.put(deck_prefix(deck_id) + PICTURE, b"bytes")


async def _media(db: Db, runtime: Runtime, event: str, words: dict[str, str]) -> dict[str, str]:
    """A published recording, one that is not, a deleted one; captions; an upload under way."""
    session = words["session"]
    source = await _add(db, Source(event_id=event, key=f"sources/{event}", size_bytes=1))
    cut = [{"source_id": source, "start_ms": 0, "end_ms": None}]
    found: dict[str, str] = {}
    for name, values in (
        ("recording_id", {"published_at": now()}),
        ("recording_hidden", {"created_at": now() - timedelta(days=1)}),
        ("recording_deleted", {"published_at": now(), "deleted_at": now()}),
    ):
        recording = Recording(event_id=event, session_id=session, state=READY, playable=True, cut=cut, **values)
        found[name] = await _add(db, recording)
        await _watchable(db, found[name])
    file = {"recording_id": found["recording_id"], "rung": "360p", "fingerprint": "f" * 32, "state": "ready"}
    found["download_id"] = await _add(db, Download(event_id=event, session_id=session, **file))
    await runtime.store.put(download_key(found["recording_id"], "f" * 32, "360p"), b"bytes")
    words_of_captions = {"event_id": event, "session_id": session, "language": "en", "cues": [[0, 900, "Hello"]]}
    found["track_id"] = await _add(db, CaptionTrack(**words_of_captions))
    found["captions_deleted"] = await _add(db, CaptionTrack(deleted_at=now(), **words_of_captions))
    deck = {"event_id": event, "session_id": session, "filename": "s.pdf", "kind": "pdf", "size_bytes": 1}
    found["deck_id"] = await _add(db, Deck(slot="a", key=f"decks/{event}", **deck))
    await _page(db, runtime, found["deck_id"])
    found["deck_deleted"] = await _add(db, Deck(slot="b", key=f"decks/{event}/old", deleted_at=now(), **deck))
    upload = Upload(
        event_id=event,
        session_id=session,
        purpose="recording",
        length_bytes=10,
        key=f"uploads/{event}",
        expires_at=now() + timedelta(days=1),
    )
    return found | {"upload_id": await _add(db, upload)}


async def _live(db: Db, event: str, words: dict[str, str]) -> dict[str, str]:
    """The room on air, with a talk that ended; a stream key."""
    place = {"event_id": event, "room_id": words["room"]}
    broadcast = await _add(db, Broadcast(started_at=LIVE_FROM, **place))
    stretch = Stretch(
        event_id=event,
        broadcast_id=broadcast,
        session_id=words["session"],
        starts_at=LIVE_FROM,
        ends_at=LIVE_FROM + timedelta(minutes=10),
    )
    key = await _add(db, StreamKey(role="main", secret_hash=broadcast, hint="abcd", **place))
    return {"broadcast": broadcast, "stretch": await _add(db, stretch), "key": key}


async def _watchable(db: Db, recording_id: str) -> None:
    """One rung of one segment, finished: enough for playlists to be made."""
    await _add(
        db,
        Rendition(
            recording_id=recording_id,
            name="360p",
            kind="video",
            width=640,
            height=360,
            frame_rate="25/1",
            codecs="avc1.640015",
            init_key="init-0123456789ab.mp4",
            complete=True,
        ),
    )
    chunk: dict[str, Any] = {"position": 0, "start_ms": 0, "end_ms": 4000, "first_segment": 0, "done_at": now()}
    chunk["details"] = {"init": {"360p": "init-0123456789ab.mp4"}}
    await _add(db, Chunk(recording_id=recording_id, segments={"360p": [[360_000, 1000]]}, **chunk))


async def _askers(db: Db, runtime: Runtime, users: dict[str, User], words: dict[str, str]) -> dict[str, Asker]:
    """Everybody who asks about this event."""
    askers = {"anon": _browser(runtime, "", {})}
    for name in ("other", "speaker", "organiser", "admin"):
        fresh = await open_login(db, user_id=users[name].id, lasts_s=86_400)
        askers[name] = _browser(runtime, fresh.secret, {"login_id": fresh.login_id})
    for name, link_id in (("viewer", words["attendee_link"]), ("splink", words["speaker_link"])):
        fresh = await open_login(db, user_id=None, lasts_s=86_400)
        link = await db.get_one(PersonalLink, link_id)
        await add_link_pass(db, fresh.login_id, link)
        askers[name] = _browser(runtime, fresh.secret, {"login_id": fresh.login_id})
    fresh = await open_login(db, user_id=None, lasts_s=86_400)
    await add_code_pass(db, fresh.login_id, event_id=words["event"], access_epoch=0)
    askers["code"] = _browser(runtime, fresh.secret, {"login_id": fresh.login_id})
    for scope in SCOPES:
        _token, secret = await make_token(db, user_id=users["admin"].id, name=scope, scopes=[scope])
        own = {"login_id": askers["admin"].own["login_id"]}
        askers[f"t:{scope}"] = Asker({"authorization": f"Bearer {secret}"}, own)
    return askers


def _browser(runtime: Runtime, login_secret: str, own: dict[str, str]) -> Asker:
    """Headers of a browser that sends what our own page would."""
    csrf = make_csrf_token(runtime.keyring, login_secret)
    cookies = f"semma_csrf={csrf}" + (f"; semma_login={login_secret}" if login_secret else "")
    return Asker({"cookie": cookies, "x-csrf-token": csrf, "sec-fetch-site": "same-origin"}, own)

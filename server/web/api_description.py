"""The API's description, completed: every operation has a tag, examples of what goes in and out, and its problems.

The framework describes what the code says; here the rest follows from it, deterministically, so that no operation can
be without. Pure: a schema goes in, a schema comes out (OpenAPI 3.1).
"""

import re
from typing import Any

import msgspec

Schema = dict[str, Any]

PROBLEM = "application/problem+json"
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_ID = "01979c5e2b7a7c3d9e1f2a3b4c5d6e7f"

# Tag → what it is about, in the order of the page.
TAGS = {
    "Series": "The seminar that comes every year.",
    "Events": "One edition of it: dates, languages, visibility, links, and the stream of its changes.",
    "Rooms": "Where sessions are.",
    "Tracks": "Threads of sessions through an event.",
    "Sessions": "Items of the programme with their talk metadata and links.",
    "Speakers": "Those who speak, the same across editions.",
    "Imports": "Programmes from elsewhere: their sources, what each reading changes, and what was edited here.",
    "Live": "Rooms on air: stream keys, SRT doors, broadcasts and their talks.",
    "Uploads": "Resumable uploads: tus 1.0.0.",
    "Recordings": "How far the work on a recording is, and whether viewers may watch it.",
    "Playback": "What a player needs.",
    "Slides": "The deck of a session: the file, to be downloaded.",
    "Search": "Talks, pages of slides and sentences, across everything the asker may see.",
    "Webhooks": "Facts sent to other sites: signed, tried again, with a log.",
    "Access": "Roles, personal links and access codes of an event.",
    "People": "Accounts, signing in, and API tokens.",
}

_INTRODUCTION = """Seminars live and their archive.

Send `Authorization: Bearer …` with an API token (made at `/api/v1/tokens`), or nothing for what is public. Errors are
`application/problem+json` with a stable `code` and a sentence that says what to do. Lists answer
`{"items": […], "next": cursor or null}`; send `next` back as `?after=`. Ids are opaque; a slug works wherever a path
takes an id. Times are RFC 3339 with an offset, durations are milliseconds.

Answers that show one thing carry an `ETag`. Send it as `If-None-Match` to get 304 when nothing changed, and as
`If-Match` with a change to be refused (412) when somebody else changed it first. What is deleted can be restored for
30 days, unless configured otherwise."""

_PROBLEMS: dict[str, tuple[str, str, str]] = {
    "400": ("Bad request", "event.dates_reversed", "The event ends before it starts; swap `starts_on` and `ends_on`."),
    "401": ("Sign in first", "auth.required", "Sign in first, or send a valid API token."),
    "403": ("Not allowed", "auth.forbidden", "You may not do this."),
    "404": ("Not found", "event.not_found", "There is no such event, or you may not see it."),
    "409": ("Conflict", "slug.taken", "Another one already has this slug; choose a different one."),
    "410": ("Gone", "request.gone", "This is no longer here."),
    "412": ("Precondition failed", "request.stale", "Somebody changed this meanwhile; fetch it again and repeat."),
    "413": ("Too large", "request.too_large", "This is larger than allowed."),
    "415": ("Unsupported media type", "request.unsupported", "This type is not taken here."),
    "423": ("Locked", "upload.locked", "Another client writes to this upload; try again in a moment."),
    "429": ("Too many requests", "request.too_many", "Too many attempts; wait a little and try again."),
    "460": ("Checksum mismatch", "upload.checksum_mismatch", "The bytes do not fit their checksum; send them again."),
    "503": ("Unavailable", "engine.unavailable", "A part of the service is away for a moment; try again."),
}
_ALWAYS = ("400", "401", "403", "404", "429", "503")

# What a member without an example of its own looks like, by its name.
_BY_NAME = {
    "id": _ID,
    "email": "ada@example.org",
    "name": "Ada Öhman",
    "url": "https://example.org/",
    "language": "en",
    "filename": "talk.mp4",
    "role": "organiser",
    "token": "semma_api_…",
    "secret": "semma_api_…",
    "password": "correct horse battery staple",
    "code": "request.invalid",
    "detail": "A sentence that says what to do.",
    "state": "ready",
    "codecs": "avc1.64001f",
    "frame_rate": "25",
    "label": "English",
    "hls": "/media/p/01979c5e2b7a7c3d9e1f2a3b4c5d6e7f/index.m3u8",
}


def complete(found: Schema) -> Schema:
    """The description with everything every operation must have; the given one stays as it is."""
    schema = _with_short_names(found)
    schema["info"]["description"] = _INTRODUCTION
    components = schema.setdefault("components", {})
    components.setdefault("securitySchemes", {})["token"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token.",
    }
    schema["security"] = [{}, {"token": []}]
    used: dict[str, str] = {}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete_operation(path, operations[method], components.get("schemas", {}))
                used |= {tag: TAGS.get(tag, "") for tag in operations[method]["tags"]}
    order = list(TAGS)
    names = sorted(used, key=lambda tag: order.index(tag) if tag in order else len(order))
    schema["tags"] = [{"name": name, "description": used[name]} for name in names]
    for component in components.get("schemas", {}).values():
        if not any(key in component for key in ("examples", "example", "enum")):
            component["examples"] = [example_of(component, components["schemas"])]
    return schema


def _with_short_names(schema: Schema) -> Schema:
    """`Page_server.events.schemas.EventOut_` is the page of `EventOut`; nobody needs to know where it is written."""
    text = msgspec.json.encode(schema).decode()
    short: Schema = msgspec.json.decode(re.sub(r"Page_[a-z_.]+\.(\w+?)_(?=[\"\]])", r"PageOf\1", text))
    return short


def _complete_operation(path: str, operation: Schema, components: Schema) -> None:
    tags = [tag[:1].upper() + tag[1:] for tag in operation.get("tags", [])]
    operation["tags"] = tags or [path.split("/")[3].capitalize() if path.count("/") > 2 else "Other"]
    for parameter in operation.get("parameters", []):
        if "example" not in parameter and "examples" not in parameter:
            parameter["example"] = _of_parameter(parameter, components)
    body = operation.get("requestBody")
    if body is not None:
        _give_examples(body.get("content", {}), components)
    responses = operation.setdefault("responses", {})
    for status, response in responses.items():
        if status.startswith("2"):
            content = response.get("content", {})
            if all(one.get("schema") in ({}, {"type": "null"}, None) for one in content.values()):
                response.pop("content", None)  # an answer without a body
            _give_examples(response.get("content", {}), components)
    for status in sorted({*_ALWAYS, *(status for status in responses if status[0] in "45")}):
        title, code, detail = _PROBLEMS.get(status, ("Error", "request.invalid", "A sentence that says what to do."))
        example = {"type": "about:blank", "title": title, "status": int(status), "code": code, "detail": detail}
        content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example | {"request_id": _ID}}
        responses[status] = {"description": title, "content": {PROBLEM: content}}


def _of_parameter(parameter: Schema, components: Schema) -> Any:
    if parameter["name"] == "id" or parameter["name"].endswith("_id"):
        return _ID
    return example_of(parameter.get("schema", {}), components, name=parameter["name"])


def _give_examples(content: Schema, components: Schema) -> None:
    for media_type, described in content.items():
        if "example" in described or "examples" in described:
            continue
        if media_type.startswith("application/") and "json" in media_type:
            described["example"] = example_of(described.get("schema", {}), components)
        else:
            described["example"] = "…"


def example_of(schema: Schema, components: Schema, *, name: str = "", depth: int = 0) -> Any:
    """A value that fits the schema, made of the examples its members give."""
    if "$ref" in schema:
        target = components.get(schema["$ref"].rsplit("/", 1)[-1], {})
        return None if depth > 8 else example_of(target, components, name=name, depth=depth + 1)
    if schema.get("examples"):
        return _first(schema["examples"])
    for key in ("example", "const"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("oneOf", "anyOf", "allOf"):
        if schema.get(key):
            chosen = next((one for one in schema[key] if one.get("type") != "null"), schema[key][0])
            return example_of(chosen, components, name=name, depth=depth)
    return _by_type(schema, components, name, depth)


def _first(examples: Any) -> Any:
    """The first example: of a JSON Schema a list, of a parameter a mapping to objects with a `value`."""
    if isinstance(examples, dict):
        return next(iter(examples.values())).get("value")
    first = examples[0]
    return first["value"] if isinstance(first, dict) and set(first) <= {"summary", "description", "value"} else first


def _by_type(schema: Schema, components: Schema, name: str, depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind == "object" or "properties" in schema:
        members = schema.get("properties", {})
        return {key: example_of(of, components, name=key, depth=depth + 1) for key, of in members.items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), components, name=name, depth=depth + 1)]
    if "default" in schema:
        return schema["default"]
    if kind == "string":
        return _text(schema.get("format", ""), name)
    return {"integer": int(schema.get("minimum", 1)), "number": 0.5, "boolean": False}.get(str(kind))


def _text(form: str, name: str) -> str:
    by_form = {"date-time": "2027-05-20T10:00:00+03:00", "date": "2027-05-20", "uri": "https://example.org/"}
    if form in by_form:
        return by_form[form]
    if name.endswith(("_id", "session", "event", "room", "upload", "recording")):
        return _ID
    return _BY_NAME.get(name, "…")

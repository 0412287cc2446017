"""/api/docs and /api/openapi.json: the API's description as a page of our own, without scripts, and as JSON."""

import json
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin

from server.accounts.actor import Actor
from server.core.runtime import Runtime
from server.web.api_description import Schema, complete
from server.web.respond import page
from server.web.view import View

_METHODS = ("get", "head", "post", "put", "patch", "delete")


class JsonDescription(OpenAPIRenderPlugin):
    """The completed description as JSON, encoded once a process."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/openapi.json"], media_type=MediaType.JSON)
        self._body = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Schema) -> bytes:
        """The body of /api/openapi.json."""
        if not self._body:
            self._body = json.dumps(complete(openapi_schema), ensure_ascii=False).encode()
        return self._body


def describe_api() -> OpenAPIConfig:
    """How the framework describes the API; served at /api/openapi.json only, no page of its own (it loads scripts)."""
    plugin = JsonDescription()
    return OpenAPIConfig(
        title="Semma",
        version="1",
        path="/api/openapi.json",
        render_plugins=[plugin],
        use_handler_docstrings=True,
        openapi_router=Router(
            "/api/openapi.json",
            route_handlers=[],
            include_in_schema=False,
            opt={"public": True},
            cache_control=None,
            response_headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"},
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Member:
    """One parameter, or one member of a body, as a row of a table."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of an operation."""

    status: str
    words: str
    example: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation as the page shows it."""

    anchor: str
    method: str
    path: str
    summary: str
    words: str
    parameters: list[Member]
    body: list[Member]
    body_example: str
    answers: list[Answer]
    problems: list[Answer]


@get("/api/docs", include_in_schema=False, opt={"public": True})
async def show_docs(
    request: Request[Any, Any, Any],
    runtime: NamedDependency[Runtime],
    actor: NamedDependency[Actor],
    view: NamedDependency[View],
) -> Response[bytes]:
    """The documentation page; what it shows is read once a process."""
    state = request.app.state
    if "api_docs" not in state:
        schema = complete(request.app.openapi_schema.to_schema())
        state["api_docs"] = schema["info"]["description"].split("\n\n"), read_groups(schema)
    introduction, groups = state["api_docs"]
    return page(request, runtime, view, "api_docs.html", actor=actor, introduction=introduction, groups=groups)


def read_groups(schema: Schema) -> list[tuple[str, str, list[Operation]]]:
    """Operations by tag, in the tags' order: (name, words, operations)."""
    components = schema["components"]["schemas"]
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in schema["tags"]}
    for path, operations in schema["paths"].items():
        for method in _METHODS:
            if method in operations:
                found = operations[method]
                by_tag[found["tags"][0]].append(_operation(path, method, found, components))
    return [(tag["name"], tag["description"], by_tag[tag["name"]]) for tag in schema["tags"]]


def _operation(path: str, method: str, found: Schema, components: Schema) -> Operation:
    content = found.get("requestBody", {}).get("content", {})
    body: Schema = next(iter(content.values()), {})
    answers = [_answer(status, one) for status, one in sorted(found["responses"].items())]
    return Operation(
        anchor=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        words=found.get("description", ""),
        parameters=[_parameter(one) for one in found.get("parameters", [])],
        body=_members(body.get("schema", {}), components),
        body_example=_as_text(body.get("example", "")),
        answers=[answer for answer in answers if answer.status[0] in "123"],
        problems=[answer for answer in answers if answer.status[0] in "45"],
    )


def _parameter(found: Schema) -> Member:
    return Member(
        name=found["name"],
        kind=f"{found['in']}, {_kind(found.get('schema', {}))}",
        required=found.get("required", False),
        words=found.get("description", ""),
    )


def _members(schema: Schema, components: Schema) -> list[Member]:
    schema = components.get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
    required = schema.get("required", [])
    return [
        Member(name=name, kind=_kind(of), required=name in required, words=of.get("description", ""))
        for name, of in schema.get("properties", {}).items()
    ]


def _kind(schema: Schema) -> str:
    """A type in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[key]))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format", kind))


def _answer(status: str, found: Schema) -> Answer:
    content: Schema = next(iter(found.get("content", {}).values()), {})
    example = content.get("example")
    if example is None and content.get("examples"):
        example = next(iter(content["examples"].values())).get("value")
    return Answer(status=status, words=found.get("description", ""), example=_as_text(example))


def _as_text(example: Any) -> str:
    if example in (None, ""):
        return ""
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)

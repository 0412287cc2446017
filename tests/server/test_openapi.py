"""The API's description: complete for every operation, and served without a foreign word on the page."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from server.core import errors as core_errors
from server.core.errors import SemmaError
from server.events import errors as events_errors
from server.live import errors as live_errors
from server.sessions import errors as sessions_errors
from server.web.api_description import TAGS, complete, example_of
from tests.server.events.conftest import client, database, kept_app, kept_database, kept_settings

__all__ = ["client", "database", "kept_app", "kept_database", "kept_settings"]

pytestmark = pytest.mark.parametrize("kept_settings", ["sqlite"], indirect=True)
METHODS = ("get", "head", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"


@pytest.fixture
async def description(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", described[method])
        for path, described in description["paths"].items()
        for method in METHODS
        if method in described
    ]


def wrong_with(operation: dict[str, Any]) -> list[str]:
    """What an operation lacks."""
    lacks = []
    if not operation.get("summary") or len(operation["summary"].split()) < 2:
        lacks.append("a summary")
    if not operation.get("description"):
        lacks.append("a description")
    if operation.get("tags", [None])[0] not in TAGS:
        lacks.append(f"a known tag, not {operation.get('tags')}")
    for parameter in operation.get("parameters", []):
        if "example" not in parameter and "examples" not in parameter:
            lacks.append(f"an example of {parameter['name']}")
    contents = [operation.get("requestBody", {})]
    contents += [one for status, one in operation["responses"].items() if status.startswith("2")]
    for content in contents:
        for media_type, described in content.get("content", {}).items():
            if described.get("example") in (None, "", {}) and not described.get("examples"):
                lacks.append(f"an example of {media_type}")
    for status in ("400", "401", "403", "404", "429", "503"):
        problem = operation["responses"].get(status, {}).get("content", {}).get(PROBLEM)
        if problem is None or problem["schema"] != {"$ref": "#/components/schemas/Problem"}:
            lacks.append(f"the problem {status}")
        elif problem["example"]["status"] != int(status) or not problem["example"]["code"]:
            lacks.append(f"an example of the problem {status}")
    return lacks


async def test_every_operation_has_summary_tag_examples_and_problems(description: dict[str, Any]) -> None:
    found = operations(description)
    assert len(found) > 60
    assert {name: lacks for name, operation in found if (lacks := wrong_with(operation))} == {}
    silent = [
        name for name, operation in found if name.startswith("GET") and not operation["responses"]["200"]["content"]
    ]
    assert silent == []
    ids = [operation["operationId"] for _, operation in found]
    assert len(set(ids)) == len(ids)


async def test_the_public_contract_is_described(description: dict[str, Any]) -> None:
    paths = description["paths"]
    for path in (
        "/api/v1/series",
        "/api/v1/events",
        "/api/v1/events/{event}/rooms",
        "/api/v1/events/{event}/tracks",
        "/api/v1/events/{event}/sessions",
        "/api/v1/events/{event}/changes",
        "/api/v1/sessions",
        "/api/v1/sessions/{session}",
        "/api/v1/speakers",
        "/api/v1/rooms/{room}/keys",
        "/api/v1/rooms/{room}/broadcasts",
        "/api/v1/broadcasts/{broadcast}",
        "/api/v1/broadcasts/{broadcast}/next",
        "/api/v1/broadcasts/{broadcast}/end",
    ):
        assert path in paths, path
    session = description["components"]["schemas"]["SessionOut"]["properties"]
    contract = """id event guid code slug title subtitle abstract description kind language speakers track room
        starts_at duration_ms licence do_not_record state links recording slides captions"""
    assert list(session)[:23] == re.findall(r"\w+", contract)
    queries = {one["name"] for one in paths["/api/v1/sessions"]["get"]["parameters"]}
    assert {"event", "room", "track", "speaker", "day", "state", "q", "limit", "after"} <= queries


async def test_schemas_have_examples_and_no_secrets(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("examples") and "enum" not in schema] == []
    assert not re.search(r"_hash|access_epoch|server\.|Page_", json.dumps(schemas))
    example = schemas["SessionOut"]["examples"][0]
    assert example["speakers"][0]["name"] == "Ada Öhman"
    assert example["starts_at"] == "2027-05-20T10:00:00+03:00"


async def test_the_page_asks_nobody_else_and_runs_no_script_of_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/docs", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    loaded = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=\"([^\"]*)\"", answer.text)
    assert loaded
    assert [address for address in loaded if not address.startswith(("/static/", "#"))] == []
    assert not re.search(r"<style|style=|<script(?![^>]*src=)", answer.text)
    for words in ("/api/v1/sessions/{session}", "Show a session", "Ada Öhman", "If-Match"):
        assert words in answer.text
    # It grows with the API, but stays a page: so much for each operation, all examples and problems with it.
    assert len(answer.content) < 2_500 * answer.text.count('class="operation')
    again = await client.get("/api/docs", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_what_is_not_there_below_api_is_a_problem(client: httpx.AsyncClient) -> None:
    for path in ("/api/nothing", "/api/v1/nothing"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "string", "examples": ["a"]}, "a"),
        ({"type": ["null", "integer"], "minimum": 5}, 5),
        ({"oneOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, "2027-05-20"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, [{"name": "Ada Öhman", "on": False}]),
        ({"type": "string", "enum": ["x", "y"]}, "x"),
        ({"$ref": "#/components/schemas/Loop"}, {"again": None}),
    ],
)
async def test_examples_follow_the_schema(schema: dict[str, Any], example: Any, kept_settings: object) -> None:
    components = {
        "Thing": {"type": "object", "properties": {"name": {"type": "string"}, "on": {"type": "boolean"}}},
        "Loop": {"type": "object", "properties": {"again": {"$ref": "#/components/schemas/Loop"}}},
    }
    found = example_of(schema, components)
    if schema.get("$ref", "").endswith("Loop"):
        assert msgspec.json.encode(found).count(b"again") < 20
    else:
        assert found == example


async def test_completing_adds_and_never_overwrites(kept_settings: object) -> None:
    own = {"application/json": {"schema": {"type": "string"}, "example": "mine"}}
    given = {
        "info": {"title": "x"},
        "paths": {"/api/v1/things": {"get": {"operationId": "a", "responses": {"200": {"content": own}}}}},
    }
    made = complete(given)
    operation = made["paths"]["/api/v1/things"]["get"]
    assert operation["responses"]["200"]["content"]["application/json"]["example"] == "mine"
    assert operation["tags"] == ["Things"]
    assert "tags" not in given["paths"]["/api/v1/things"]["get"]


async def test_every_error_code_of_the_programme_is_in_the_documentation(kept_settings: object) -> None:
    page = (Path(__file__).parents[2] / "docs/api.md").read_text()
    documented = set(re.findall(r"^\| `([a-z_.]+)` \| \d{3} \|", page, re.MULTILINE))
    errors = [
        found.code
        for module in (core_errors, events_errors, live_errors, sessions_errors)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, SemmaError) and found is not SemmaError
    ]
    assert set(errors) - documented == set()

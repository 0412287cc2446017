"""A table per verb of tus 1.0.0: what is asked, what is answered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from server.core.runtime import Runtime
from tests.server.uploads.world import BYTES, TUS, URL, World, add, begin, checksum, metadata, noise


@dataclass
class Case:
    """One row: headers on top of the right ones (None takes one away), and the answer's status and code."""

    why: str
    status: int
    code: str = ""
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes = b""
    answered: dict[str, str] = field(default_factory=dict)
    asker: str = "organiser"


def cases(*rows: Case) -> Any:
    return pytest.mark.parametrize("case", rows, ids=lambda case: case.why)


def sent(case: Case, world: World, right: dict[str, str]) -> dict[str, str]:
    merged: dict[str, str | None] = {**right, **world.askers[case.asker], **case.headers}
    return {name: value for name, value in merged.items() if value is not None}


def check(answer: httpx.Response, case: Case) -> None:
    assert answer.status_code == case.status, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "no-store" in answer.headers["Cache-Control"]
    for name, value in case.answered.items():
        assert answer.headers.get(name) == value, name
    if case.code and answer.request.method != "HEAD":
        assert answer.json()["code"] == case.code
        assert answer.headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("path", [URL, f"{URL}/whatever"])
async def test_options(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.options(path)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(100 * 1024**3)
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        *("creation", "creation-with-upload", "creation-defer-length", "checksum", "expiration", "termination")
    }
    assert {"md5", "sha1", "sha256"} <= set(answer.headers["Tus-Checksum-Algorithm"].split(","))


@cases(
    Case("a length", 201, answered={"Upload-Offset": "0"}),
    Case("a deferred length", 201, headers={"Upload-Length": None, "Upload-Defer-Length": "1"}),
    Case("no version", 412, "upload.bad_version", {"Tus-Resumable": None}, answered={"Tus-Version": "1.0.0"}),
    Case("another version", 412, "upload.bad_version", {"Tus-Resumable": "0.2.2"}),
    Case("no length", 400, "upload.bad_header", {"Upload-Length": None}),
    Case("both lengths", 400, "upload.bad_header", {"Upload-Defer-Length": "1"}),
    Case("a negative length", 400, "upload.bad_header", {"Upload-Length": "-5"}),
    Case("an empty file", 400, "upload.empty", {"Upload-Length": "0"}),
    Case("a file too large", 413, "upload.too_large", {"Upload-Length": str(100 * 1024**3 + 1)}),
    Case("a part of a parallel upload", 400, "upload.concatenation", {"Upload-Concat": "partial"}),
    Case("no metadata", 400, "upload.bad_session", {"Upload-Metadata": None}),
    Case("metadata that is none", 400, "upload.bad_metadata", {"Upload-Metadata": "session {"}),
    Case("an unknown session", 400, "upload.bad_session", dict(metadata(session="nothing"))),
    Case("an unknown purpose", 400, "upload.bad_purpose", dict(metadata(session="x", purpose="fun"))),
    Case("bytes of another type", 415, "upload.bad_content_type", {"Content-Type": "video/mp4"}, b"abc"),
    Case("nobody", 401, "auth.required", asker="nobody"),
    Case("a stranger", 403, "auth.forbidden", asker="stranger"),
    Case("a speaker with a recording", 403, "auth.forbidden", asker="speaker"),
    Case("a token that may only read", 403, "auth.scope_missing", asker="organiser_reading"),
    Case("the admin", 201, asker="admin"),
)
async def test_post(client: httpx.AsyncClient, world: World, case: Case) -> None:
    right = TUS | {"Upload-Length": "300"} | metadata(session=world.talk, filename="a.mp4")
    answer = await client.post(URL, headers=sent(case, world, right), content=case.body)
    check(answer, case)
    if case.status == 201:
        assert answer.headers["Location"].startswith(f"{URL}/")
        assert "Upload-Expires" in answer.headers


async def test_post_for_a_talk_that_must_not_be_recorded(client: httpx.AsyncClient, world: World) -> None:
    headers = TUS | world.organiser | {"Upload-Length": "9"} | metadata(session=world.secret_talk)
    answer = await client.post(URL, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "upload.do_not_record")


WHOLE = noise(300)


@cases(
    Case("the first bytes", 201, answered={"Upload-Offset": "100"}, body=WHOLE[:100]),
    Case("all bytes", 201, answered={"Upload-Offset": "300"}, body=WHOLE),
    Case("too many bytes", 413, "upload.beyond_length", body=WHOLE + b"x"),
    Case("a checksum that fits", 201, headers=dict(checksum(WHOLE)), body=WHOLE),
    Case("a checksum that does not", 460, "upload.checksum_mismatch", dict(checksum(b"other")), WHOLE),
)
async def test_post_with_bytes(client: httpx.AsyncClient, world: World, case: Case) -> None:
    right = TUS | BYTES | {"Upload-Length": "300"} | metadata(session=world.talk)
    check(await client.post(URL, headers=sent(case, world, right), content=case.body), case)


@cases(
    Case("its maker", 200, answered={"Upload-Offset": "100", "Upload-Length": "300"}),
    Case("another organiser", 200, answered={"Upload-Offset": "100"}, asker="other_organiser"),
    Case("the admin", 200, asker="admin"),
    Case("a stranger", 404, asker="stranger"),
    Case("a speaker of the talk", 404, asker="speaker"),
    Case("nobody", 401, asker="nobody"),
    Case("no version", 412, headers={"Tus-Resumable": None}),
)
async def test_head(client: httpx.AsyncClient, world: World, case: Case) -> None:
    url = await begin(client, world, 300)
    await add(client, world, url, 0, WHOLE[:100])
    check(await client.head(url, headers=sent(case, world, TUS)), case)


async def test_head_of_what_never_was(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.head(f"{URL}/nothing", headers=TUS | world.organiser)
    assert answer.status_code == 404
    assert "Upload-Offset" not in answer.headers


@cases(
    Case("the next bytes", 204, answered={"Upload-Offset": "200"}, body=WHOLE[100:200]),
    Case("the rest", 204, answered={"Upload-Offset": "300"}, body=WHOLE[100:]),
    Case("nothing", 204, answered={"Upload-Offset": "100"}),
    Case("too far", 409, "upload.offset_mismatch", {"Upload-Offset": "101"}, b"x"),
    Case("not far enough", 409, "upload.offset_mismatch", {"Upload-Offset": "0"}, b"x"),
    Case("no offset", 400, "upload.bad_header", {"Upload-Offset": None}, b"x"),
    Case("an offset that is none", 400, "upload.bad_header", {"Upload-Offset": "-1"}, b"x"),
    Case("another type", 415, "upload.bad_content_type", {"Content-Type": "text/plain"}, b"x"),
    Case("no version", 412, "upload.bad_version", {"Tus-Resumable": None}, b"x"),
    Case("beyond the length", 413, "upload.beyond_length", body=WHOLE[100:] + b"x"),
    Case("another length", 400, "upload.bad_header", {"Upload-Length": "301"}, b"x"),
    Case("the same length again", 204, headers={"Upload-Length": "300"}, body=b"x"),
    Case("sha1", 204, headers=dict(checksum(WHOLE[100:200])), body=WHOLE[100:200]),
    Case("sha256", 204, headers=dict(checksum(WHOLE[100:200], "sha256")), body=WHOLE[100:200]),
    Case("md5", 204, headers=dict(checksum(WHOLE[100:200], "md5")), body=WHOLE[100:200]),
    Case("a wrong checksum", 460, "upload.checksum_mismatch", dict(checksum(b"y")), WHOLE[100:200]),
    Case("an unknown checksum", 400, "upload.bad_checksum", {"Upload-Checksum": "crc32 AAAA"}, b"x"),
    Case("a stranger", 404, "upload.not_found", body=b"x", asker="stranger"),
    Case("nobody", 401, "auth.required", body=b"x", asker="nobody"),
    Case("another organiser", 204, body=b"x", asker="other_organiser"),
)
async def test_patch(client: httpx.AsyncClient, world: World, case: Case) -> None:
    url = await begin(client, world, 300)
    await add(client, world, url, 0, WHOLE[:100])
    headers = sent(case, world, TUS | BYTES | {"Upload-Offset": "100"})
    check(await client.patch(url, headers=headers, content=case.body), case)
    if case.status != 204:
        assert (await client.head(url, headers=TUS | world.organiser)).headers["Upload-Offset"] == "100"


async def test_patch_without_a_content_length(client: httpx.AsyncClient, world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield WHOLE[:200]
        yield WHOLE[200:]
        yield b"too much"

    url = await begin(client, world, 300)
    headers = TUS | BYTES | world.organiser | {"Upload-Offset": "0"}
    answer = await client.patch(url, headers=headers, content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "upload.beyond_length")


async def test_a_length_that_comes_later(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, None)
    await add(client, world, url, 0, WHOLE[:100])
    answer = await client.head(url, headers=TUS | world.organiser)
    assert (answer.headers["Upload-Defer-Length"], answer.headers["Upload-Offset"]) == ("1", "100")
    await add(client, world, url, 100, WHOLE[100:], **{"Upload-Length": "300"})
    assert (await client.get(url, headers=world.organiser)).json()["state"] == "finished"


async def test_a_length_that_comes_after_the_last_byte(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, None)
    await add(client, world, url, 0, WHOLE)
    answer = await add(client, world, url, 300, b"", **{"Upload-Length": "300"})
    assert answer.status_code == 204
    assert (await client.get(url, headers=world.organiser)).json()["state"] == "finished"


async def test_a_length_shorter_than_what_has_come(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, None)
    await add(client, world, url, 0, WHOLE)
    answer = await add(client, world, url, 300, b"", **{"Upload-Length": "299"})
    assert answer.json()["code"] == "upload.bad_header"


@cases(
    Case("its maker", 204),
    Case("another organiser", 204, asker="other_organiser"),
    Case("a stranger", 404, "upload.not_found", asker="stranger"),
    Case("nobody", 401, "auth.required", asker="nobody"),
    Case("no version", 412, "upload.bad_version", {"Tus-Resumable": None}),
)
async def test_delete(client: httpx.AsyncClient, world: World, runtime: Runtime, case: Case) -> None:
    url = await begin(client, world, 300)
    await add(client, world, url, 0, WHOLE[:100])
    check(await client.delete(url, headers=sent(case, world, TUS)), case)
    after = await client.head(url, headers=TUS | world.organiser)
    assert after.status_code == (410 if case.status == 204 else 200)
    if case.status == 204:
        stored = f"uploads/{url.rsplit('/', 1)[-1]}/"
        assert await runtime.store.open_multiparts(stored) == []


async def test_delete_of_a_finished_upload_leaves_what_it_became(client: httpx.AsyncClient, world: World) -> None:
    url = await begin(client, world, 300)
    await add(client, world, url, 0, WHOLE)
    answer = await client.delete(url, headers=TUS | world.organiser)
    assert (answer.status_code, answer.json()["code"]) == (403, "upload.already_used")


@pytest.mark.parametrize(("method", "status"), [("PATCH", 204), ("HEAD", 200), ("DELETE", 204), ("PUT", 400)])
async def test_method_override(client: httpx.AsyncClient, world: World, method: str, status: int) -> None:
    url = await begin(client, world, 300)
    headers = TUS | world.organiser | {"X-HTTP-Method-Override": method}
    body = b""
    if method == "PATCH":
        headers, body = headers | BYTES | {"Upload-Offset": "0"}, WHOLE[:5]
    answer = await client.post(url, headers=headers, content=body)
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["Upload-Offset"] == "0"


async def test_the_list_shows_what_the_asker_may_see(client: httpx.AsyncClient, world: World) -> None:
    urls = [await begin(client, world, 300) for _ in range(3)]
    await add(client, world, urls[0], 0, WHOLE)

    async def shown(asker: str, **query: Any) -> list[str]:
        query = {"limit": 3} | query
        answer = await client.get(URL, headers=world.askers[asker], params=query)
        assert answer.status_code == 200, answer.text
        return [f"{URL}/{item['id']}" for item in answer.json()["items"]]

    assert await shown("organiser") == urls[::-1] == await shown("admin")
    assert await shown("stranger") == [] == await shown("nobody")
    assert (await shown("organiser", state="finished"))[0] == urls[0]
    assert await shown("organiser", session=world.secret_talk) == []
    page = (await client.get(URL, headers=world.organiser, params={"limit": 2})).json()
    assert (await shown("organiser", after=page["next"]))[0] == urls[0]

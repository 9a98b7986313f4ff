"""The JSON API: what it answers is what its document says, and who may read is decided as for the pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Mount, Route

from adapters.web.api.document import API, DOCUMENT, PROBLEM, api_document, path_of
from adapters.web.api.operations import OPERATIONS
from bot.people.account import Role
from bot.people.people import People
from bot.people.record import TERMINAL, Record
from tests.adapters.web.core_workspace import CoreWorkspace, core_app, core_workspace
from tests.passwords import quick_hasher
from tests.recipients import a_recipient
from tests.sources import a_paper

PASSWORD = "correct horse battery"


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[CoreWorkspace]:
    async with core_workspace(tmp_path) as running:
        yield running


async def fill(workspace: CoreWorkspace) -> dict[str, str]:
    """Papers, topics and a digest; what stands for the parameters in paths."""
    core = workspace.core
    await core.say("subscribe diffusion --name Fast")
    await core.say("subscribe agents", "other")
    await core.news(*(a_paper(number) for number in range(1, 4)))
    await core.index.refresh()
    await core.next_digest()
    await core.say("subscribe robots --for me")
    channel = await core.channel()
    ((digest, _),) = await core.store.archive.digests(channel.id, before=None, limit=1)
    day = next(iter(core.source.days))
    return {"channel": str(channel.id), "digest": str(digest.id), "paper": "2605.00001", "day": str(day)}


def checked(answer: httpx.Response, path: str) -> Any:
    """What was answered, as the document says that it is."""
    document = api_document()
    described = document["paths"][path]["get"]["responses"]
    assert str(answer.status_code) in described, (answer.status_code, answer.text)
    (kind,) = described[str(answer.status_code)]["content"]
    assert answer.headers["content-type"] == kind
    schema = described[str(answer.status_code)]["content"][kind]["schema"]
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
    found = answer.json()
    assert [str(error) for error in validator.iter_errors(found)] == []
    return found


def test_the_document_is_valid() -> None:
    document = api_document()
    OpenAPIV31SpecValidator(document).validate()
    assert len({one["get"]["operationId"] for one in document["paths"].values()}) == len(OPERATIONS)


async def test_the_routes_are_those_of_the_document(tmp_path: Path) -> None:
    async with core_app(tmp_path) as (app, _, _):
        (api,) = (one for one in app.routes if isinstance(one, Mount) and one.path == API)
        (inner,) = (one for one in api.routes if isinstance(one, Mount))
        routes = {one.path for one in inner.routes if isinstance(one, Route) and one.name != "nothing"}
        assert {route.replace(":path}", "}") for route in routes} == set(api_document()["paths"])
        assert all(not one.methods or one.methods <= {"GET", "HEAD"} for one in inner.routes if isinstance(one, Route))


async def test_every_answer_is_what_the_document_says(workspace: CoreWorkspace) -> None:
    given = await fill(workspace)
    async with workspace.client() as client:
        for operation in OPERATIONS:
            path = re.sub(r"{(\w+)(?::path)?}", lambda found: given[found[1]], operation.path)
            query = {"q": "diffusion"} if operation.id == "searchPapers" else {}
            answer = await client.get(API + path, params=query)
            found = checked(answer, path_of(operation))
            assert answer.status_code == 200, answer.text
            assert found.get("items", ["something"]), operation.id
            again = await client.get(API + path, params=query, headers={"if-none-match": answer.headers["etag"]})
            if operation.id != "readHealth":  # it says what time it is
                assert (again.status_code, again.content) == (304, b"")
        document = await client.get(DOCUMENT)
        assert document.json() == api_document()
        topics = (await client.get(f"{API}/channels/{given['channel']}/topics")).json()["items"]
        assert [topic["title"] for topic in topics] == ["Fast"]
        channels = (await client.get(f"{API}/channels")).json()["items"]
        assert [one["name"] for one in channels] == ["general", "other"], "and nobody's own"


async def test_pages_follow_each_other_by_their_cursors(workspace: CoreWorkspace) -> None:
    given = await fill(workspace)
    async with workspace.client() as client:
        for path, query, whole in (
            ("/channels", {}, 2),
            ("/papers", {"q": "diffusion"}, 3),
            (f"/days/{given['day']}", {}, 3),
        ):
            seen: list[Any] = []
            cursor: str | None = ""
            while cursor is not None:
                page = (await client.get(API + path, params={**query, "limit": "1", "cursor": cursor})).json()
                assert len(page["items"]) == 1, path
                seen += [one["id"] for one in page["items"]]
                cursor = page["next"]
            assert len(seen) == len(set(seen)) == whole


async def test_addresses_of_mail_are_for_nobody_who_looks_around(workspace: CoreWorkspace) -> None:
    core = workspace.core
    await core.say("subscribe diffusion")
    mail = await core.store.recipients.ask(a_recipient(await core.channel()), core.clock.now())
    async with workspace.client() as client:
        for query in ("", "?platform=email"):
            listed = checked(await client.get(f"{API}/channels{query}"), "/channels")
            assert "lab.example" not in str(listed)
        for more, described in (("", ""), ("/topics", "/topics"), ("/digests", "/digests")):
            answer = await client.get(f"{API}/channels/{mail.channel_id}{more}")
            assert answer.status_code == 404
            checked(answer, "/channels/{channel}" + described)
        assert (await client.get("/channels/more?platform=email&after=1")).status_code == 404
        assert "lab.example" not in (await client.get("/")).text


WRONG = (
    ("/papers", "/papers", 422, "`q`"),
    ("/papers?q=diffusion%20(", "/papers", 422, "parentheses"),
    ("/papers?q=x&q=y", "/papers", 422, "twice"),
    ("/papers?q=x&colour=red", "/papers", 422, "`colour`"),
    ("/papers?q=x&limit=1000", "/papers", 422, "`limit`"),
    ("/papers?q=x&cursor=zz", "/papers", 400, "cursor"),
    ("/channels?cursor=slack", "/channels", 400, "cursor"),
    ("/channels/999999", "/channels/{channel}", 404, "no channel"),
    ("/channels/x", "/channels/{channel}", 422, "`channel`"),
    ("/channels/99999999999999999999", "/channels/{channel}", 422, "`channel`"),
    ("/papers/2605.99999", "/papers/{paper}", 404, "not known"),
    ("/days/2026-13-45", "/days/{day}", 422, "`day`"),
    ("/nothing", "/papers", 404, "openapi.json"),
)


async def test_what_is_wrong_is_said_in_one_form(workspace: CoreWorkspace) -> None:
    async with workspace.client() as client:
        for path, described, status, part in WRONG:
            answer = await client.get(API + path)
            assert answer.status_code == status, path
            found = checked(answer, described)
            assert part in found["detail"]
            assert found["status"] == status
        wrong = await client.post(API + "/channels", json={})
        assert (wrong.status_code, wrong.headers["content-type"]) == (405, PROBLEM)
        elsewhere = await client.get(API + "/channels", headers={"host": "evil.example"})
        assert (elsewhere.status_code, elsewhere.headers["content-type"]) == (421, PROBLEM)


async def test_a_token_lets_a_program_read_as_its_person_until_it_ends(tmp_path: Path) -> None:
    async with core_workspace(tmp_path, PASSWORD) as workspace:
        core = workspace.core
        people = People(core.store.people, Record(core.store.audit, core.clock), quick_hasher(), core.clock)
        account = await people.add("ada", Role.READER, by=TERMINAL)
        token, kept = await people.tokens.create(account, "dashboard", 2, by=TERMINAL)
        endless, _ = await people.tokens.create(await people.named("owner"), "for ever", None, by=TERMINAL)
        assert token.startswith("ppr_")
        assert len(token) >= 40

        async def reads(given: str, path: str = "/health") -> httpx.Response:
            async with workspace.client() as client:
                return await client.get(API + path, headers={"authorization": given} if given else {})

        for wrong in (
            "",
            "Bearer ppr_" + "a" * 43,
            f"Basic {token}",
            "Bearer",
            f"Bearer {token}x",
            f"Bearer {PASSWORD}",
        ):
            answer = await reads(wrong)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            checked(answer, "/health")
        assert (await reads(f"Bearer {token}")).json() == {"ok": True, "report": None}
        assert (await reads(f"bearer {endless}")).json()["report"]["ok"]
        async with workspace.client() as client:
            page = await client.get("/search", headers={"authorization": f"Bearer {token}"})
            assert page.status_code == 401, "pages are for people"
        (used, *_) = [one for one in await people.tokens.of(account) if one.id == kept.id]
        assert used.used_at == core.clock.now()
        core.clock.advance(days=2)
        assert (await reads(f"Bearer {token}")).status_code == 401
        assert (await reads(f"Bearer {endless}")).status_code == 200
        await people.remove(account, by=TERMINAL)
        assert await people.tokens.of(account) == []
        lines = [line.change.line for line in await core.store.audit.lines(limit=20)]
        assert "tokens create ada “dashboard”, valid for 2 days" in lines
        assert not any(token[4:] in line for line in lines)


async def test_people_make_and_revoke_tokens_on_the_page_of_their_account(tmp_path: Path) -> None:
    async with core_workspace(tmp_path, PASSWORD) as workspace, workspace.client() as client:
        await client.post("/login", data={"name": "owner", "password": PASSWORD})
        made = await client.post("/account/tokens", data={"name": "my script", "days": "90"})
        (token,) = re.findall(r"ppr_[\w-]{40,}", made.text)
        async with workspace.client() as program:
            bearer = {"authorization": f"Bearer {token}"}
            assert (await program.get(f"{API}/channels", headers=bearer)).status_code == 200
            page = await client.get("/account")
            assert "my script" in page.text
            assert token not in page.text
            (number,) = re.findall(r'name="id" value="(\d+)"', page.text)
            await client.post("/account/tokens", data={"name": "no number", "days": "ever"})
            tokens = await workspace.core.store.people.tokens()
            assert [(one.name, one.expires_at is not None) for one in tokens] == [
                ("no number", True),
                ("my script", True),
            ]
            refused = await client.post("/account/tokens", data={"name": "", "days": "90"})
            assert (refused.status_code, "what the token is for" in refused.text) == (422, True)
            await client.post("/account/tokens/revoke", data={"id": number})
            assert (await program.get(f"{API}/channels", headers=bearer)).status_code == 401

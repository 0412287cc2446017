"""Talks like a talk: pure weighing, and what an asker is shown of it on both databases."""

import pytest

from server.accounts.actor import ANONYMOUS, Actor
from server.core.db import Database
from server.search.related import related, stems_in, weigh
from tests.server.events.people import Asker
from tests.server.search.conftest import Follow
from tests.server.web.events import a_session, an_event


def test_rare_words_count_and_common_ones_do_not() -> None:
    having = {
        "verkko": {1: 2.0, 2: 2.0},
        "yhteisö": {n: 1.0 for n in range(1, 10)},  # everybody's
        "alone": {1: 1.0},
        "other": {3: 1.0, 4: 1.0},  # not of talk 1
    }
    shares = weigh(having, own=1, all_talks=10)
    assert shares.keys() == {2}
    assert 0 < shares[2] <= 1


def test_a_talk_of_one_word_is_not_all_of_another_one() -> None:
    assert weigh({"moss": {1: 1.0, 2: 1.0}}, own=1, all_talks=50)[2] < 0.3


def test_forms_of_a_word_are_one_stem_and_little_words_none() -> None:
    found = stems_in([("Moderating forums and the moderators of a forum", "en")])
    assert len(found) == len(set(found)) and "the" not in found and "forum" in found
    assert stems_in([("Verkkoyhteisön moderointi", "fi")]) == stems_in([("verkkoyhteisössä moderoinnin", "fi")])


@pytest.mark.db
async def test_what_is_like_it_is_found_across_editions_and_only_what_one_may_see(
    admin: Asker, database: Database, indexed: Follow
) -> None:
    old = await an_event(admin, title="S 2026", slug="s26", starts_on="2026-05-20", ends_on="2026-05-20")
    new = await an_event(admin, title="S 2027", slug="s27")
    hidden = await an_event(admin, title="Hidden", slug="hidden", visibility="unlisted")
    talk = await a_session(
        admin, new, title="Moderating a gardening forum", abstract="Seeds, compost and angry gardeners.", speakers=[]
    )
    like = await a_session(
        admin, old, title="Compost for moderators", abstract="What gardening forums taught us.", speakers=[]
    )
    unseen = await a_session(admin, hidden, title="Gardening forums in winter", abstract="Compost.", speakers=[])
    for number in range(6):
        await a_session(admin, new, title=f"Maps of district {number}", abstract="Streets and bridges.", speakers=[])
    same_speaker = await a_session(admin, old, title="Bicycles", abstract="Wheels.", speakers=[{"name": "Ada Öhman"}])
    theirs = await a_session(admin, new, title="Trains", abstract="Rails.", speakers=[{"name": "Ada Öhman"}])
    await indexed()

    async with database.read() as db:
        found = [one.session for one in await related(db, ANONYMOUS, talk["id"])]
        own = [one.session for one in await related(db, Actor(user_id="a", is_admin=True), talk["id"])]
        by_speaker = [one.session for one in await related(db, ANONYMOUS, theirs["id"])]
    assert found == [like["id"]]
    assert set(own) == {like["id"], unseen["id"]}
    assert by_speaker == [same_speaker["id"]]

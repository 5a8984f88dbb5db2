"""Reviews: a candidate as anyone reads it, what they say of it, and what is answered."""

from datetime import timedelta
from typing import Any

import pytest

from server import checking, limits
from server.database import Database
from tests.cast import (
    COMPLETE,
    Browsers,
    act,
    ask,
    confirm,
    prepare,
    published,
    somebody,
)
from tests.conftest import Clock
from tests.server.pages.day import JSON, SIGN_IN, Day, in_both_places, refused
from tests.server.pages.reading import errors, plain, read, value
from tests.server.pages.versions import decided, two_versions
from workshops import reviews, world
from workshops.people import Role
from workshops.releases import Release

PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."
HERE = "/referentiel/2.0.0-rc.1"


async def candidate(database: Database, client: Browsers) -> tuple[Day, Release]:
    """2.0.0-rc.1: ACT-08, open to review for ten days."""
    day = await decided(database, client)
    until = world.now() + timedelta(days=10)
    return day, await prepare(database, day.room, by=day.dominique, review_until=until, note="À <relire>.")


async def said(database: Database, release: Release) -> list[tuple[str, str, str, str]]:
    found = await ask(database, reviews.of, [release])
    return [(each.review.code, each.review.field, each.review.text, each.review.name) for each in found]


async def records(day: Day) -> dict[str, list[Any]]:
    """What is written, but for what a network may still try."""
    return {table: rows for table, rows in (await day.records()).items() if table != "tries"}


# ── Read


async def test_anyone_reads_a_candidate(database: Database, client: Browsers, clock: Clock) -> None:
    _day, release = await candidate(database, client)
    answer = await client().get(HERE)
    page = read(answer)
    assert (answer.status_code, page.one("h1").text) == (200, "Version 2.0.0-rc.1, en relecture")
    assert page.one(class_="gc-heading__lead").text == "À <relire>."
    assert page.one(class_="gc-hash").text == release.fingerprint
    assert page.one("article", id="ACT-08").one("h3").text == COMPLETE["libelle"]
    listed = read(await client().get("/referentiel")).one("section", class_="gc-panel")
    assert [link["href"] for link in listed.all("a")] == [HERE]


async def test_its_file_is_hashed_as_a_version_is(database: Database, client: Browsers) -> None:
    _day, release = await candidate(database, client)
    await act(database, reviews.leave, release.id, code="ACT-08", field="unite", text="Trop vague.", by=None)
    answer = await client().get(f"{HERE}.json")
    document = answer.json()
    assert document == release.content
    assert (checking.framework(document), document["version"]) == (None, "2.0.0-rc.1")
    told = (await client().get("/referentiel/2.0.0-rc.1/remarques.json")).json()
    (review,) = told["remarques"]
    assert {key: review[key] for key in ("version", "indicateur", "champ", "texte", "masquee", "reponse")} == {
        "version": "2.0.0-rc.1",
        "indicateur": "ACT-08",
        "champ": "unite",
        "texte": "Trop vague.",
        "masquee": None,
        "reponse": None,
    }
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_candidate_that_is_not_says_which_versions_are(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    gone = "/referentiel/2.1.0-rc.1"
    for address in (gone, f"{gone}.json", f"{gone}/remarques.json"):
        program = await client().get(address, headers=JSON)
        assert (program.status_code, program.json()["versions"]) == (404, ["2.0.1", "2.0.0"])


async def test_what_it_changes_is_shown(database: Database, client: Browsers) -> None:
    await two_versions(database, client, libelle="Mieux dit")
    day = await decided(database, client)
    await prepare(database, day.room, by=day.dominique, review_until=world.now() + timedelta(days=2))
    main = read(await client().get("/referentiel/2.1.0-rc.1")).one("main")
    assert [title.text for title in main.all("h3") if title.text.startswith("Ajoutés")] == ["Ajoutés 1"]
    assert [cell.text for cell in main.one("table").all("td")] == ["—", "Nouveau dans cette version", "ACT-09"]
    assert "Identique d'une version à l'autre : ACT-08" in main.text


async def test_once_published_or_replaced_it_says_so(database: Database, client: Browsers, clock: Clock) -> None:
    day, release = await candidate(database, client)
    clock.advance(days=11)
    assert "La relecture est terminée" in read(await client().get(HERE)).one(class_="fr-alert").text
    later = await prepare(database, day.room, by=day.dominique)
    assert "ne sera pas publiée telle quelle" in read(await client().get(HERE)).one(class_="fr-alert").text
    await confirm(database, later)
    assert read(await client().get(f"/referentiel/{release.name}")).all("form", action=f"{HERE}/remarques") == []


async def test_a_hundred_reviews_make_a_page(
    database: Database, client: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pages.reviews.ON_A_PAGE", 2)
    _day, release = await candidate(database, client)
    for text in ("Un.", "Deux.", "Trois."):
        last = await act(database, reviews.leave, release.id, text=text, by=None)
    shown = [read(await client().get(f"{HERE}{page}")) for page in ("", "?page=1", "?page=0", "?page=9", "?page=x")]
    texts = [[each.one(class_="gc-lines").text for each in page.all("article", class_="gc-comment")] for page in shown]
    assert texts == [["Trois."], ["Un.", "Deux."], ["Un.", "Deux."], ["Trois."], ["Trois."]]
    answer = await client().post(f"{HERE}/remarques", data={"text": "Quatre."})
    assert answer.headers["location"].startswith(f"{HERE}?page=2#remarque-")
    assert last.id in shown[0].one("article", class_="gc-comment")["id"]


async def test_a_candidate_that_another_version_overtook_says_so(database: Database, client: Browsers) -> None:
    _day, release = await candidate(database, client)
    await published(database)
    said = read(await client().get(HERE)).one(class_="fr-alert").text
    assert "Une autre version a paru depuis : 2.0.0." in said
    assert release.base is None


async def test_who_reads_gzip_is_sent_gzip(database: Database, client: Browsers) -> None:
    await candidate(database, client)
    for codings, sent in (("gzip", "gzip"), ("identity", None)):
        answer = await client().get(HERE, headers={"accept-encoding": codings})
        assert (answer.headers.get("content-encoding"), "Accept-Encoding" in answer.headers["vary"]) == (sent, True)
        assert read(answer).one("h1").text == "Version 2.0.0-rc.1, en relecture"


# ── Say something


async def test_a_citizen_leaves_a_review_without_an_account(database: Database, client: Browsers) -> None:
    _day, release = await candidate(database, client)
    browser = client()
    page = read(await browser.get(f"{HERE}?code=ACT-08"))
    form = page.one("form", action=f"{HERE}/remarques")
    assert value(form, "code") == "ACT-08"
    typed = {"code": "ACT-08", "field": "definition", "text": "<b>Trop</b> vague.", "name": "Un usager"}
    answer = await browser.post(f"{HERE}/remarques", data={**typed, "key": value(form, "key")})
    (review,) = await ask(database, reviews.of, [release])
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}#remarque-{review.review.id}")
    shown = read(await browser.get(HERE)).one("article", id=f"remarque-{review.review.id}")
    assert "<b>Trop</b> vague." in shown.text
    assert "Un usager" in shown.text
    assert "set-cookie" not in answer.headers


async def test_somebody_signed_in_signs_with_their_name(database: Database, client: Browsers) -> None:
    day, release = await candidate(database, client)
    alix = await day.browser(day.alix)
    assert read(await alix.get(HERE)).all("input", name="name") == []
    await alix.post(f"{HERE}/remarques", data={"text": "Bravo.", "name": "Le ministre"})
    assert await said(database, release) == [("", "", "Bravo.", "")]
    assert "Alix" in read(await client().get(HERE)).one("article", class_="gc-comment").text


async def test_what_does_not_hold_comes_back_as_typed(database: Database, client: Browsers) -> None:
    day, release = await candidate(database, client)
    before = await records(day)
    typed = {"code": "ACT-99", "field": "definition", "text": " ", "name": "Moi"}
    answer = await client().post(f"{HERE}/remarques", data=typed)
    page = read(answer)
    assert (answer.status_code, set(errors(page))) == (422, {"code", "text"})
    assert value(page.one("form", action=f"{HERE}/remarques"), "name") == "Moi"
    program = await client().post(f"{HERE}/remarques", data=typed, headers=JSON)
    assert (program.status_code, set(program.json()["champs"])) == (422, {"code", "text"})
    assert await records(day) == before
    assert await said(database, release) == []


@in_both_places
async def test_the_same_key_twice_is_one_review(database: Database, client: Browsers, place: str) -> None:
    day, release = await candidate(database, client)
    for browser in (client(), await day.browser(day.alix)):
        answers = []
        for _ in range(2):
            form, headers = {"text": "Bravo."}, dict(JSON)
            (headers if place == "header" else form)["idempotency-key" if place == "header" else "key"] = "k-1"
            answers.append(await browser.post(f"{HERE}/remarques", data=form, headers=headers))
        assert [answer.status_code for answer in answers] == [200, 200]
        assert len({answer.json()["remarque"] for answer in answers}) == 1
    assert len(await said(database, release)) == 2


async def test_the_review_is_closed_at_its_date(database: Database, client: Browsers, clock: Clock) -> None:
    day, release = await candidate(database, client)
    clock.advance(days=10)
    before = await records(day)
    answer = await client().post(f"{HERE}/remarques", data={"text": "Trop tard."})
    reason = "La relecture de cette version n'est pas ouverte."
    assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (409, reason)
    assert await records(day) == before
    assert await said(database, release) == []


async def test_a_network_that_floods_is_slowed(database: Database, client: Browsers) -> None:
    _day, release = await candidate(database, client)
    browser = client()
    for _ in range(limits.REVIEWS_OF_A_NETWORK.amount):
        assert (await browser.post(f"{HERE}/remarques", data={"text": "Bravo."})).status_code == 303
    assert (await browser.post(f"{HERE}/remarques", data={"text": "Encore."})).status_code == 429
    assert len(await said(database, release)) == limits.REVIEWS_OF_A_NETWORK.amount


async def test_a_guest_who_floods_is_slowed_as_anybody(database: Database, client: Browsers) -> None:
    """A first name and a code make somebody of anyone."""
    day, release = await candidate(database, client)
    guest = await day.browser(day.alix)
    for _ in range(limits.REVIEWS_OF_A_PERSON.amount):
        assert (await guest.post(f"{HERE}/remarques", data={"text": "Bravo."})).status_code == 303
    assert (await guest.post(f"{HERE}/remarques", data={"text": "Encore."})).status_code == 429
    other = await (await day.browser(day.sacha)).post(f"{HERE}/remarques", data={"text": "Et moi."})
    assert other.status_code == 303
    assert len(await said(database, release)) == limits.REVIEWS_OF_A_PERSON.amount + 1


# ── Answer, hide


async def test_a_publisher_answers(database: Database, client: Browsers) -> None:
    day, release = await candidate(database, client)
    review = await act(database, reviews.leave, release.id, text="Trop vague.", by=None)
    address = f"/remarques/{review.id}/reponse"
    form = {"verdict": "retenue", "text": "Oui, merci."}
    await refused(day, client(), address, form, 403, SIGN_IN)
    await refused(day, await day.browser(day.camille), address, form, 403, PUBLISHER_ONLY)
    answer = await (await day.browser(day.dominique)).post(address, data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}#remarque-{review.id}")
    shown = read(await client().get(HERE)).one("article", id=f"remarque-{review.id}")
    assert "Retenue Réponse : Oui, merci." in shown.text
    dominique = await day.browser(day.dominique)
    wrong = await dominique.post(address, data={"verdict": "", "text": ""}, headers=JSON)
    assert (wrong.status_code, set(wrong.json()["champs"])) == (422, {"verdict", "text"})
    typed = read(await dominique.post(address, data={"verdict": "", "text": "Non, parce que."}))
    assert list(errors(typed)) == ["verdict"]
    assert value(typed.one("form", action=address), "text") == "Non, parce que."
    assert value(typed.one("form", action=f"{HERE}/remarques"), "text") == ""


async def test_a_moderator_hides_and_the_reason_stays(database: Database, client: Browsers) -> None:
    day, release = await candidate(database, client)
    review = await act(database, reviews.leave, release.id, text="Une insulte.", name="Un grossier", by=None)
    address = f"/remarques/{review.id}/masquage"
    moderator = await day.browser(await somebody(database, "Noé", Role.MODERATOR))
    await refused(day, client(), address, {"because": "Une insulte."}, 403, SIGN_IN)
    assert (await moderator.post(address, data={"because": "Vise quelqu'un."})).status_code == 303
    answer = await client().get(HERE)
    shown = read(answer).one("article", id=f"remarque-{review.id}")
    assert plain(shown.text).startswith("Remarque masquée : Vise quelqu'un.")
    for page in (answer, await client().get(f"{HERE}/remarques.json")):
        assert "Une insulte." not in page.text
        assert "Un grossier" not in page.text


async def test_an_unknown_review_is_not_found(database: Database, client: Browsers) -> None:
    day, _release = await candidate(database, client)
    dominique = await day.browser(day.dominique)
    for what, form in (("reponse", {"verdict": "retenue", "text": "Oui."}), ("masquage", {"because": "Non."})):
        assert (await dominique.post(f"/remarques/0nexistepas0/{what}", data=form)).status_code == 404



"""Responses: one question a screen, saved at each step, without an account nor a script."""

from collections.abc import Sequence

import httpx2
import pytest

from server import witnessing
from server.database import Database
from tests.cast import Browsers, act, ask, colleague, respond, survey, touchpoint
from tests.conftest import Clock
from tests.server.pages.day import JSON
from tests.server.pages.reading import Element, errors, read, value
from workshops import audit, responses, surveys
from workshops.journal import Sending
from workshops.people import Person
from workshops.questionnaires import Answer
from workshops.surveys import Survey

FORM = {"key": "une-cle-de-formulaire-tiree"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


@pytest.fixture
async def asked(database: Database, clock: Clock, alix: Person) -> Survey:
    return await survey(database, by=alix)


async def begin(browser: httpx2.AsyncClient, asked: Survey) -> str:
    """The address of one's response, without its step."""
    page = read(await browser.get(f"/enquetes/{asked.id}"))
    (form,) = page.one("main").all("form")
    answer = await browser.post(form["action"], data={"key": value(form, "key")})
    assert answer.status_code == 303
    base, _, step = answer.headers["location"].rpartition("/")
    assert step == "1"
    return base


async def say(browser: httpx2.AsyncClient, at: str, *said: str) -> httpx2.Response:
    return await browser.post(at, data={"answer": said})


def key(base: str) -> str:
    return base.rpartition("/")[2]


async def kept(database: Database, base: str) -> dict[int, Answer]:
    return dict((await ask(database, responses.own, key(base))).answers)


def title(page: Element) -> str:
    return page.one("h1").text


async def test_one_answers_step_by_step(database: Database, client: Browsers, asked: Survey) -> None:
    browser = client()
    gestures = (await ask(database, audit.head)).gestures
    base = await begin(browser, asked)
    steps: list[tuple[str, Sequence[str]]] = [
        ("Question 1 sur 6", ["1"]),
        ("Question 2 sur 6", ["4"]),
        ("Question 3 sur 6", ["1", "5"]),
        ("Question 4 sur 6", ["1"]),
        ("Question 5 sur 6", ["5"]),
        ("Question 6 sur 6", ["Merci."]),
    ]
    at = f"{base}/1"
    for progress, said in steps:
        page = read(await browser.get(at))
        assert page.one(id="progress").text == progress
        (form,) = page.one("main").all("form")
        assert form["action"] == at
        at = (await browser.post(at, data={"answer": said})).headers["location"]
    assert at == base
    assert title(read(await browser.get(base))) == "Merci"
    assert await kept(database, base) == {
        1: Answer((1,)),
        2: Answer((4,)),
        3: Answer((1, 5)),
        4: Answer((1,)),
        5: Answer((5,)),
        6: Answer(text="Merci."),
    }
    assert (await ask(database, audit.head)).gestures == gestures  # like a note, no gesture
    assert browser.cookies == {}


async def test_one_is_not_asked_what_makes_no_sense(client: Browsers, asked: Survey) -> None:
    browser = client()
    base = await begin(browser, asked)
    for place, choice in ((1, "2"), (2, "3")):
        await say(browser, f"{base}/{place}", choice)
    after = await say(browser, f"{base}/3", "9")
    assert after.headers["location"] == f"{base}/6"
    page = read(await browser.get(f"{base}/6"))
    assert page.one(id="progress").text == "Question 4 sur 4"
    assert (await browser.get(f"{base}/5")).headers["location"] == base
    assert (await say(browser, f"{base}/5", "3")).status_code == 404


async def test_one_comes_back_where_one_was_and_corrects(database: Database, client: Browsers, asked: Survey) -> None:
    base = await begin(client(), asked)
    await say(client(), f"{base}/1", "3")
    elsewhere = client()  # the link, on another device
    assert (await elsewhere.get(base)).headers["location"] == f"{base}/2"
    page = read(await elsewhere.get(f"{base}/1"))
    assert [box["value"] for box in page.one("main").all("input") if "checked" in box.attributes] == ["3"]
    assert "Votre réponse est enregistrée" in page.text
    await say(elsewhere, f"{base}/1", "1")
    assert await kept(database, base) == {1: Answer((1,))}


async def test_one_skips_what_may_be_skipped(database: Database, client: Browsers, asked: Survey) -> None:
    browser = client()
    base = await begin(browser, asked)
    assert "Passer" not in [button.text for button in read(await browser.get(f"{base}/1")).one("main").all("button")]
    refused = await browser.post(f"{base}/1", data={"skip": "oui", "answer": "1"})
    assert (refused.status_code, errors(read(refused))) == (422, {"answer": "Cette question attend une réponse."})
    skipped = await browser.post(f"{base}/2", data={"skip": "oui", "answer": "4"})
    assert skipped.headers["location"] == f"{base}/3"
    last = await say(browser, f"{base}/6", "Merci.")
    assert last.headers["location"] == f"{base}/1?reste=oui"
    assert "Il reste cette question" in read(await browser.get(last.headers["location"])).text
    assert await kept(database, base) == {6: Answer(text="Merci.")}


@pytest.mark.parametrize("headers", [{}, JSON], ids=["page", "program"])
async def test_the_same_form_twice_is_one_response(
    database: Database, client: Browsers, asked: Survey, headers: dict[str, str]
) -> None:
    browser = client()
    first, second = [await browser.post(f"/enquetes/{asked.id}", data=FORM, headers=headers) for _ in range(2)]
    own = witnessing.key_of(Sending(FORM["key"], ""), browser_secret(client), f"survey {asked.id}")
    if headers:
        assert first.json() == second.json() == {"geste": None, "suivi": own}
    else:
        assert first.headers["location"] == second.headers["location"] == f"/enquetes/reponses/{own}/1"
    by_header = await browser.post(f"/enquetes/{asked.id}", headers={"idempotency-key": FORM["key"]})
    assert by_header.headers["location"] == f"/enquetes/reponses/{own}/1"


def browser_secret(client: Browsers) -> str:
    secret: str = client.app.state.settings.secret_key
    return secret


async def test_a_short_key_is_refused_and_none_at_all_is_drawn(client: Browsers, asked: Survey) -> None:
    browser = client()
    short = await browser.post(f"/enquetes/{asked.id}", data={"key": "court"}, headers=JSON)
    assert (short.status_code, set(short.json()["champs"])) == (422, {"key"})
    drawn = [(await browser.post(f"/enquetes/{asked.id}")).headers["location"] for _ in range(2)]
    assert drawn[0] != drawn[1]


async def test_a_forged_key_opens_nothing(client: Browsers, asked: Survey) -> None:
    browser = client()
    await begin(browser, asked)
    for forged in ("0123456789abcdef", "x", "' OR 1=1", "%F0%9F%92%A5"):
        for path in ("", "/1"):
            assert (await browser.get(f"/enquetes/reponses/{forged}{path}")).status_code == 404
        assert (await say(browser, f"/enquetes/reponses/{forged}/1", "1")).status_code == 404


async def test_a_question_too_many_is_not_found(client: Browsers, asked: Survey) -> None:
    browser = client()
    base = await begin(browser, asked)
    for place in ("7", "999", "0", "x"):
        assert (await browser.get(f"{base}/{place}")).status_code == 404
        assert (await say(browser, f"{base}/{place}", "1")).status_code == 404


@pytest.mark.parametrize(
    ("place", "said", "sentence"),
    [
        (1, ["7"], "Choisissez parmi les réponses proposées."),
        (1, [SCRIPT], "Choisissez parmi les réponses proposées."),
        (2, ["1", "2"], "Choisissez une seule réponse."),
        (6, ["x" * 1001], "C'est trop long : mille caractères au plus."),
    ],
)
async def test_an_answer_that_does_not_hold_comes_back(
    database: Database, client: Browsers, asked: Survey, place: int, said: list[str], sentence: str
) -> None:
    browser = client()
    base = await begin(browser, asked)
    answer = await say(browser, f"{base}/{place}", *said)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, {"answer": sentence})
    if place == 6:
        assert value(page.one("main").one("form"), "answer") == said[0]
    program = await browser.post(f"{base}/{place}", data={"answer": said}, headers=JSON)
    assert (program.status_code, set(program.json()["champs"])) == (422, {"answer"})
    assert await kept(database, base) == {}


async def test_a_file_is_refused_and_a_script_is_a_text(database: Database, client: Browsers, asked: Survey) -> None:
    browser = client()
    base = await begin(browser, asked)
    await say(browser, f"{base}/6", SCRIPT)
    page = await browser.get(f"{base}/6")
    assert SCRIPT not in page.text
    assert value(read(page).one("main").one("form"), "answer") == SCRIPT
    upload = await browser.post(f"{base}/6", files={"answer": ("a.txt", b"texte")})
    assert upload.status_code == 400
    assert await kept(database, base) == {6: Answer(text=SCRIPT)}


async def test_personal_data_is_seen_before_it_is_kept(database: Database, client: Browsers, asked: Survey) -> None:
    browser = client()
    base = await begin(browser, asked)
    text = "Rappelez-moi au 06 12 34 56 78."
    answer = await say(browser, f"{base}/6", text)
    page = read(answer)
    assert answer.status_code == 422
    assert value(page.one("main").one("form"), "answer") == text
    assert "06 12 34 56 78 (un numéro de téléphone)" in page.text.replace("( ", "(").replace(" )", ")")
    assert await kept(database, base) == {}
    await browser.post(f"{base}/6", data={"answer": text, "personal": "remove"})
    assert await kept(database, base) == {6: Answer(text="Rappelez-moi au [retiré].")}
    await browser.post(f"{base}/6", data={"answer": text, "personal": "keep"})
    assert await kept(database, base) == {6: Answer(text=text)}


async def test_when_it_ends_in_the_middle_what_was_saved_stays(
    database: Database, client: Browsers, clock: Clock, asked: Survey
) -> None:
    browser = client()
    base = await begin(browser, asked)
    await say(browser, f"{base}/1", "1")
    clock.advance(days=31)
    answer = await say(browser, f"{base}/2", "3")
    assert answer.status_code == 409
    assert "Ce que vous aviez enregistré est gardé." in read(answer).one("main").text
    assert (await browser.get(f"{base}/2")).headers["location"] == base
    assert title(read(await browser.get(base))) == "Cette enquête est finie"
    assert await kept(database, base) == {1: Answer((1,))}
    program = await browser.post(f"{base}/2", data={"answer": "3"}, headers=JSON)
    assert program.json()["refus"] == "pas_maintenant"


async def test_once_ended_nothing_changes(database: Database, client: Browsers, asked: Survey) -> None:
    base = "/enquetes/reponses/" + await respond(database, asked, [1], [1], [9], None, None, "Merci.")
    browser = client()
    assert (await browser.get(f"{base}/1")).headers["location"] == base
    assert (await say(browser, f"{base}/6", "Merci.")).headers["location"] == base  # a double click
    late = await say(browser, f"{base}/1", "3")
    assert (late.status_code, title(read(late))) == (409, "Merci")


async def test_thanks_lead_to_what_else_is_asked_there(database: Database, client: Browsers, alix: Person) -> None:
    point = await touchpoint(database, by=alix)
    first, other = [await survey(database, point, title=name, by=alix) for name in ("Une", "Deux")]
    closed = await survey(database, point, title="Trois", by=alix)
    await act(database, surveys.close, closed.id, by=alix)
    base = "/enquetes/reponses/" + await respond(database, first, [1], [1], [9], None, None, "Merci.")
    page = read(await client().get(base)).one("main")
    assert {a["href"] for a in page.all("a")} == {
        f"/enquetes/{first.id}/resultats",
        f"/t/{point.token}",
        f"/enquetes/{other.id}",
    }

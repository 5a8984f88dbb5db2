"""Testimonials: one tap from a link, saved at once; a code typed again."""

import httpx2
import pytest
from sqlmodel import col, select
from starlette.applications import Starlette

from server import witnessing
from server.database import Database
from tests.cast import Browsers, act, colleague, give, signed_in, touchpoint
from tests.server.pages.day import JSON, in_both_places
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import testimonials, touchpoints
from workshops.people import Person
from workshops.testimonials import Face, Testimonial
from workshops.touchpoints import Touchpoint

NEW = "/temoignages/nouveau"
LOST = "Ce lien ne mène à aucun point de recueil : vérifiez-le, ou choisissez un laboratoire."
CLOSED = "Ce point de recueil est fermé. Vous pouvez témoigner en choisissant le laboratoire."
SENDING = "un-envoi-de-vingt-quatre"


@pytest.fixture
async def lou(database: Database) -> Person:
    return await colleague(database, name="Lou")


@pytest.fixture
async def point(database: Database, lou: Person) -> Touchpoint:
    return await touchpoint(database, project="Un <guichet> unique", name="Atelier du 3 mars", by=lou)


async def kept(database: Database) -> list[Testimonial]:
    async with database.reading() as session:
        return list(await session.scalars(select(Testimonial).order_by(col(Testimonial.at))))


def asked(page: httpx2.Response) -> dict[str, str]:
    """What the form of the first screen carries without being asked."""
    form = read(page).one("form", action=NEW)
    return {field["name"]: field["value"] for field in form.all("input", type="hidden")}


def place(page: Element) -> str:
    return page.one(class_="gc-witness__place").text


# ── Arriving


async def test_a_link_names_the_lab_and_the_project(client: Browsers, point: Touchpoint) -> None:
    browser = client()
    for address in (f"/t/{point.token}", f"/t/{point.token.lower()}", f"{NEW}?point={point.token}"):
        answer = await browser.get(address)
        page = read(answer)
        assert (answer.status_code, page.one("h1").text) == (200, "De façon générale, comment ça s'est passé ?")
        assert place(page) == "Ti Lab Un <guichet> unique Atelier du 3 mars"
        faces = [(button["name"], button["value"], button.text) for button in page.all(class_="gc-taps__choice")]
        assert faces == [("face", "bien", "Bien"), ("face", "moyen", "Moyen"), ("face", "mal", "Mal")]
        assert page.all("select") == []
        assert asked(answer)["point"] == point.token
        assert (answer.headers["cache-control"], "set-cookie" in answer.headers) == ("no-store", False)
    assert "/vie-privee" in [link["href"] for link in page.one("main").all("a")]


async def test_each_drawing_of_the_form_is_another_sending(client: Browsers, point: Touchpoint) -> None:
    keys = {asked(await client().get(f"/t/{point.token}"))["key"] for _ in range(5)}
    assert (len(keys), {len(key) for key in keys}) == (5, {24})


async def test_without_a_link_one_chooses_the_lab(client: Browsers) -> None:
    page = read(await client().get(NEW))
    labs = page.one("select", name="lab").all("option")
    assert ("ti-lab", "Ti Lab") in [(option["value"], option.text) for option in labs]
    named = read(await client().get(f"{NEW}?labo=siilab"))
    assert (place(named), named.all("select")) == ("SIILAB", [])
    assert value(named.one("form", action=NEW), "lab") == "siilab"
    assert len(read(await client().get(f"{NEW}?labo=imaginaire")).all("select")) == 1


async def test_a_forged_link_says_so_and_shows_the_way(client: Browsers) -> None:
    for address in ("/t/ABCDEFGH", "/t/x", f"{NEW}?point=ABCDEFGH"):
        answer = await client().get(address)
        page = read(answer)
        assert (answer.status_code, page.one(class_="gc-refusal").text) == (404, LOST)
        assert NEW in [link["href"] for link in page.one("main").all("a")]
        program = await client().get(address, headers=JSON)
        assert (program.status_code, program.json()["refus"]) == (404, "introuvable")


async def test_a_retired_link_leaves_the_lab_to_speak_of(
    database: Database, client: Browsers, point: Touchpoint, lou: Person
) -> None:
    form = {**asked(await client().get(f"/t/{point.token}")), "face": "bien"}
    await act(database, touchpoints.retire, point.id, by=lou)
    answer = await client().get(f"/t/{point.token}")
    page = read(answer)
    assert (answer.status_code, place(page)) == (409, "Ti Lab")
    assert "est fermé" in page.one(class_="fr-alert").text
    assert {name: text for name, text in asked(answer).items() if name != "key"} == {"lab": "ti-lab"}
    late = await client().post(NEW, data=form)
    assert (late.status_code, read(late).one(class_="fr-alert").text) == (409, CLOSED)
    assert await kept(database) == []
    again = await client().post(NEW, data={**asked(late), "face": "bien"})
    (testimonial,) = await kept(database)
    assert (again.status_code, testimonial.lab_slug, testimonial.touchpoint_id) == (303, "ti-lab", None)


async def test_a_replaced_link_leads_to_the_new_one(
    database: Database, client: Browsers, point: Touchpoint, lou: Person
) -> None:
    new = await act(database, touchpoints.replace, point.id, name="Atelier de mai", by=lou)
    answer = await client().get(f"/t/{point.token}")
    assert (answer.status_code, place(read(answer))) == (200, "Ti Lab Un <guichet> unique Atelier de mai")
    await client().post(NEW, data={"point": point.token, "face": "mal", "key": SENDING})
    assert [each.touchpoint_id for each in await kept(database)] == [new.id]


# ── One tap


@pytest.mark.parametrize("face", [face.value for face in Face])
async def test_one_tap_is_saved_at_once(database: Database, client: Browsers, point: Touchpoint, face: str) -> None:
    browser = client()
    form = asked(await browser.get(f"/t/{point.token}"))
    answer = await browser.post(NEW, data={**form, "face": face})
    (testimonial,) = await kept(database)
    assert (testimonial.face, testimonial.touchpoint_id) == (Face(face), point.id)
    key = answer.headers["location"].removeprefix("/temoignages/suivi/")
    assert (answer.status_code, testimonials.hashed(key)) == (303, testimonial.key_hash)
    assert (browser.cookies, answer.headers["x-geste"].isdecimal()) == ({}, True)


async def test_somebody_signed_in_is_nobody_here(database: Database, client: Browsers, lou: Person) -> None:
    browser = await signed_in(client, lou)
    answer = await browser.post(NEW, data={"lab": "siilab", "face": "bien", "key": SENDING})
    assert answer.status_code == 303
    minutes = (await client().get("/registre.json")).text
    assert lou.id not in minutes.partition("testimonial_given")[2]


@in_both_places
async def test_the_same_sending_is_one_testimonial(database: Database, client: Browsers, place: str) -> None:
    form = {"lab": "ti-lab", "face": "bien", **({"key": SENDING} if place == "field" else {})}
    headers = {"idempotency-key": SENDING} if place == "header" else {}
    first, again = [await client().post(NEW, data=form, headers=headers) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"]
    assert (again.status_code, len(await kept(database))) == (303, 1)


async def test_the_same_sending_with_another_face_shows_what_was_given(database: Database, client: Browsers) -> None:
    form = {"lab": "ti-lab", "key": SENDING}
    given = await client().post(NEW, data={**form, "face": "bien"})
    answer = await client().post(NEW, data={**form, "face": "mal"})
    page = read(answer)
    assert answer.status_code == 422
    assert page.one(class_="fr-alert").one("a")["href"] == given.headers["location"]
    assert asked(answer)["key"] != SENDING
    assert [testimonial.face for testimonial in await kept(database)] == [Face.GOOD]


async def test_a_program_is_told_where_to_follow(client: Browsers) -> None:
    form = {"lab": "ti-lab", "face": "moyen"}
    answer = await client().post(NEW, data=form, headers={**JSON, "idempotency-key": SENDING})
    told = answer.json()
    assert (answer.status_code, set(told), str(told["geste"])) == (200, {"geste", "suivi"}, answer.headers["x-geste"])
    assert told["suivi"].startswith("http://testserver/temoignages/suivi/")
    assert (await client().get(told["suivi"])).status_code == 200
    without = await client().post(NEW, data=form, headers=JSON)
    assert without.json()["suivi"] != told["suivi"]


# ── Bad input


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({"face": "bien"}, 422, "lab"),
        ({"lab": "ti-lab"}, 422, "face"),
        ({"lab": "ti-lab", "face": "<script>"}, 422, "face"),
        ({"lab": "ti-lab", "face": "bien", "key": "court"}, 422, "key"),
        ({"lab": "ti-lab", "face": "bien", "key": "k" * 101}, 422, "key"),
        ({"lab": "ti-lab", "face": "bien", "point": "x" * 20_001}, 404, ""),
        ({"lab": "imaginaire", "face": "bien"}, 404, ""),
        ({"point": "ABCDEFGH", "face": "bien"}, 404, ""),
        ({"lab": "ti-lab", "face": "bi\0en"}, 400, ""),
    ],
)
async def test_what_does_not_hold_is_refused_in_a_sentence(
    database: Database, client: Browsers, form: dict[str, str], status: int, field: str
) -> None:
    form = {"key": SENDING, **form}
    answer = await client().post(NEW, data=form)
    program = await client().post(NEW, data=form, headers=JSON)
    assert (answer.status_code, program.status_code) == (status, status)
    assert program.json()["raison"]
    page = read(answer)
    if field:
        assert list(program.json()["champs"]) == [field]
        assert plain(program.json()["champs"][field]) in page.one("main").text
        assert page.one("form", action=NEW)
    else:
        assert page.one(class_="gc-refusal").text
    assert await kept(database) == []


async def test_the_lab_that_was_chosen_stays_chosen(client: Browsers) -> None:
    page = read(await client().post(NEW, data={"lab": "ti-lab", "key": SENDING}))
    assert place(page) == "Ti Lab"


async def test_a_file_is_not_a_face(database: Database, client: Browsers) -> None:
    files = {"face": ("bien.txt", b"bien")}
    answer = await client().post(NEW, data={"lab": "ti-lab", "key": SENDING}, files=files)
    assert answer.status_code == 422
    said = "C'est un texte qui est attendu ici, pas un fichier : rien n'a été envoyé."
    assert said in read(answer).one("main").text
    assert await kept(database) == []


# ── A code typed again


async def test_a_code_opens_its_page_however_it_is_typed(database: Database, client: Browsers) -> None:
    key, _testimonial = await give(database)
    assert read(await client().get("/temoignages/suivi")).one("form", action="/temoignages/suivi")
    for code in (key, witnessing.code(key), key.upper().replace("0", "O").replace("1", "l")):
        answer = await client().post("/temoignages/suivi", data={"code": code})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/temoignages/suivi/{key}")


@pytest.mark.parametrize(("code", "status"), [("", 422), ("4F7K", 422), ("<b>", 422), ("0" * 16, 404)])
async def test_a_code_that_opens_nothing_comes_back_as_typed(client: Browsers, code: str, status: int) -> None:
    answer = await client().post("/temoignages/suivi", data={"code": code})
    page = read(answer)
    assert (answer.status_code, list(errors(page))) == (status, ["code"])
    assert value(page.one("form", action="/temoignages/suivi"), "code") == code
    program = await client().post("/temoignages/suivi", data={"code": code}, headers=JSON)
    assert (program.status_code, list(program.json()["champs"])) == (status, ["code"])


async def test_a_file_is_no_code(client: Browsers) -> None:
    answer = await client().post("/temoignages/suivi", files={"code": ("code.txt", b"x")})
    assert (answer.status_code, list(errors(read(answer)))) == (422, ["code"])


# ── Nobody else


async def test_nothing_from_elsewhere_and_nothing_kept_by_the_browser(
    app: Starlette, client: Browsers, point: Touchpoint
) -> None:
    answer = await client().get(f"/t/{point.token}")
    fetched = [each.get("src") or each.get("href") for each in read(answer).all("script") + read(answer).all("link")]
    assert len(fetched) >= 4
    assert [address for address in fetched if not address.startswith(("/static/", "data:image/"))] == []
    assert "set-cookie" not in answer.headers

"""Corrections: a publisher mends a typing error of a published text."""

from server.database import Database
from tests.cast import COMPLETE, Browsers, ask, publish
from tests.server.pages.day import JSON, SIGN_IN, Day, refused
from tests.server.pages.reading import errors, read, value
from tests.server.pages.versions import decided
from workshops import corrections

HERE = "/referentiel/corrections/ACT-08"
DESK = "/referentiel/preparations"
PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."


async def begun(database: Database, client: Browsers) -> Day:
    """2.0.0 is published, of ACT-08."""
    day = await decided(database, client)
    await publish(database, day.room, by=day.dominique)
    return day


async def form(day: Day, **changes: str) -> dict[str, str]:
    """The form of the page, as a browser would send it, changed."""
    page = read(await (await day.browser(day.dominique)).get(HERE)).one("form", action=HERE)
    names = ("base", "libelle", "famille", "definition", "nature", "question_evaluative", "unite", "sens")
    names += ("source_donnee", "frequence", "agregation", "limites", "cout_collecte", "responsable")
    sent = {name: str(value(page, name)) for name in names}
    return {**sent, "methode_collecte": "comptage", "because": "Un point.", **changes}


async def test_a_typing_error_is_mended_with_a_reason(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    dominique = await day.browser(day.dominique)
    answer = await dominique.post(HERE, data=await form(day, libelle="Nombre de projets abandonnés à temps."))
    assert (answer.status_code, answer.headers["location"]) == (303, DESK)
    (written,) = await ask(database, corrections.standing)
    assert (written.code, written.because, written.sheet["libelle"]) == (
        "ACT-08",
        "Un point.",
        "Nombre de projets abandonnés à temps.",
    )
    assert "Un point." in read(await dominique.get(DESK)).one("main").text
    # The next one starts from there.
    assert value(read(await dominique.get(HERE)), "libelle") == "Nombre de projets abandonnés à temps."


async def test_what_is_more_comes_back_as_typed(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    dominique = await day.browser(day.dominique)
    typed = await form(day, unite="jours", because="Une coquille.")
    before = await day.records()
    answer = await dominique.post(HERE, data=typed)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (
        422,
        {"unite": "Ce changement est plus qu'une correction : il passe par un atelier."},
    )
    assert (value(page, "unite"), value(page, "because")) == ("jours", "Une coquille.")
    program = await dominique.post(HERE, data=await form(day, libelle=""), headers=JSON)
    assert (program.status_code, list(program.json()["champs"])) == (422, ["libelle"])
    assert await day.records() == before


async def test_two_people_correcting_at_once_lose_nothing(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    dominique = await day.browser(day.dominique)
    one, other = await form(day, libelle="Un nom"), await form(day, libelle="Un autre nom")
    assert (await dominique.post(HERE, data=one)).status_code == 303
    answer = await dominique.post(HERE, data=other)
    page = read(answer)
    assert (answer.status_code, value(page, "libelle")) == (409, "Un autre nom")
    assert "relisez-le" in page.one(class_="fr-alert").text
    assert len(await ask(database, corrections.standing)) == 1


async def test_a_correction_is_taken_back(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    dominique = await day.browser(day.dominique)
    await dominique.post(HERE, data=await form(day, libelle="Un nom"))
    (written,) = await ask(database, corrections.standing)
    address = f"/corrections/{written.id}/retrait"
    await refused(day, client(), address, {}, 403, SIGN_IN)
    await refused(day, await day.browser(day.camille), address, {}, 403, PUBLISHER_ONLY)
    for _ in range(2):
        answer = await dominique.post(address)
        assert (answer.status_code, answer.headers["location"]) == (303, DESK)
    assert await ask(database, corrections.standing) == []


async def test_nobody_else_corrects(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    sent = await form(day, libelle="Un nom")
    await refused(day, client(), HERE, sent, 403, SIGN_IN)
    for person in (day.stranger, day.alix, day.camille):
        browser = await day.browser(person)
        await refused(day, browser, HERE, sent, 403, PUBLISHER_ONLY)
        assert (await browser.get(HERE)).status_code == 403


async def test_what_is_not_in_the_version_is_not_found(database: Database, client: Browsers) -> None:
    day = await begun(database, client)
    dominique = await day.browser(day.dominique)
    assert (await dominique.get("/referentiel/corrections/ACT-99")).status_code == 404
    assert (await dominique.get(f"{HERE}?preparation=0nexistepas0")).status_code == 404
    assert value(read(await dominique.get(HERE)), "libelle") == COMPLETE["libelle"]

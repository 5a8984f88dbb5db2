"""Releases: one person prepares a version, word for word; what is decided, carried, deprecated, removed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from server.database import Database
from tests.cast import (
    COMPLETE,
    act,
    ask,
    cards,
    confirm,
    member_of,
    move,
    prepare,
    publish,
    published,
    reread,
    somebody,
    workshop,
)
from tests.conftest import Clock
from workshops import (
    audit,
    chains,
    conclusions,
    corrections,
    drafts,
    frameworks,
    indicators,
    journal,
    lineage,
    publications,
    releases,
    reviews,
    seals,
    votes,
    world,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.audit import Deed
from workshops.consensus import Choice
from workshops.crosswalks import Fate
from workshops.drafts import Choices
from workshops.journal import Kind
from workshops.lines import Exceptional
from workshops.people import Person, Role
from workshops.refusals import NotNow, NotThus, NotYours
from workshops.releases import Release
from workshops.sheet import Sheet

CHANGED = {"libelle": "Un meilleur nom"}


async def decided(
    database: Database,
    camille: Person,
    *,
    start: Start = Start.PREVIOUS,
    sheets: tuple[Sheet, ...] = (),
    reword: dict[str, dict[str, Any]] | None = None,
    drop: tuple[str, ...] = (),
    silent: tuple[str, ...] = (),
    merge: tuple[str, str] | None = None,
    title: str = "Un atelier",
) -> Workshop:
    """A closed workshop: what it proposes, rewords, merges; it keeps everything but what it drops, or says nothing of."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=start, title=title)
    alix = await member_of(database, room)
    for sheet in sheets:
        await act(database, indicators.propose, room.id, sheet, by=alix)
    table = await cards(database, room)
    for code, changes in (reword or {}).items():
        text = {**table[code].sheet, **changes}
        await act(database, indicators.reword, table[code].id, text, base=1, by=camille)
    if merge:
        one, other = merge
        await act(database, lineage.merge, table[one].id, into=table[other].id, because="Un doublon.", by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    for code, found in (await cards(database, room)).items():
        if code in silent or found.departure:
            continue
        choice = Choice.DROP if code in drop else Choice.KEEP
        number = found.wording.number
        await act(database, votes.cast, found.id, wording=number, choice=choice, reason="Inutile." * (code in drop), by=alix)
    return await move(database, room, Stage.CLOSED, by=camille)


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {item["code"]: item["statut"] for item in document["indicateurs"]}


# ── Preparing


async def test_what_is_prepared_is_whole_and_waits(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    release = await prepare(database, room, by=dominique, note="Une première.")
    assert (release.name, release.base, release.candidate, release.review_until) == ("2.0.0", None, None, None)
    document = release.content
    assert document["note"] == "Une première."
    assert (document["prepare_par"], document["confirme_par"]) == (dominique.id, None)
    assert frameworks.verify(document)
    assert seals.broken(document) == []
    assert await ask(database, frameworks.versions) == []
    assert await ask(database, releases.standing) == [release]
    assert await ask(database, releases.of_workshop, room.id) == release
    assert await ask(database, releases.workshop_ids, release.id) == [room.id]
    (entry,) = await ask(database, journal.since, room.id, room.gestures)
    assert (entry.kind, entry.about, entry.by_id) == (Kind.FRAMEWORK_PREPARED, "2.0.0", dominique.id)
    deed = (await ask(database, audit.entries))[-1]
    assert (deed.kind, deed.about, deed.by_id) == (Deed.VERSION_PREPARED, release.id, dominique.id)


async def test_only_a_publisher_prepares_and_abandons(database: Database, camille: Person, dominique: Person) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    for person in (camille, await somebody(database, "Modératrice", Role.MODERATOR)):
        with pytest.raises(NotYours):
            await prepare(database, room, by=person)
    release = await prepare(database, room, by=dominique)
    with pytest.raises(NotYours):
        await act(database, releases.abandon, release.id, because="Non.", by=camille)


async def test_nothing_changes_what_was_prepared(database: Database, camille: Person, dominique: Person) -> None:
    release = await prepare(
        database, await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,)), by=dominique
    )
    with pytest.raises(IntegrityError, match="ne se modifie pas"):
        async with database.transaction() as session:
            (await session.get_one(Release, release.id)).document = "{}"


async def test_preparing_again_takes_the_place_of_the_former(
    database: Database, camille: Person, dominique: Person
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    first = await prepare(database, room, by=dominique)
    second = await prepare(database, room, by=dominique, note="Relue.")
    assert await ask(database, releases.standing) == [second]
    gone = await ask(database, releases.abandonment, first.id)
    assert gone is not None
    assert (gone.because, gone.replaced_by) == (releases.REPLACED, second.id)
    assert await ask(database, releases.line_of, second) == [second, first]
    with pytest.raises(NotNow):
        await confirm(database, first)


async def test_one_may_take_the_place_of_several(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    one = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    other = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    first = await prepare(database, one, by=dominique)
    clock.advance(minutes=1)
    second = await prepare(database, other, by=dominique)
    clock.advance(minutes=1)
    both = await prepare(database, one, other, by=dominique)
    assert await ask(database, releases.line_of, both) == [both, second, first]
    assert await ask(database, releases.standing_ids) == [both.id]
    assert await ask(database, releases.feeding, [first.id, both.id]) == {
        first.id: [one.id],
        both.id: sorted([one.id, other.id]),
    }
    pending = [await ask(database, releases.is_pending, each.id) for each in (first, second, both)]
    assert pending == [True, True, True]


async def test_abandoning_says_why_once(database: Database, camille: Person, dominique: Person) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    release = await prepare(database, room, by=dominique)
    with pytest.raises(NotThus):
        await act(database, releases.abandon, release.id, because=" ", by=dominique)
    for because in ("Trop tôt.", "Encore."):
        await act(database, releases.abandon, release.id, because=because, by=dominique)
    gone = await ask(database, releases.abandonment, release.id)
    assert gone is not None
    assert gone.because == "Trop tôt."
    assert await ask(database, releases.standing) == []
    assert [entry.kind for entry in await ask(database, audit.entries)][-1] is Deed.VERSION_ABANDONED
    framework = await publish(database, await reread(database, room), by=dominique)
    with pytest.raises(NotNow):
        await act(database, releases.abandon, str(framework.release_id), because="Trop tard.", by=dominique)


# ── Candidates


async def test_a_candidate_is_numbered_and_dated(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    until = world.now() + timedelta(days=10)
    first = await prepare(database, room, by=dominique, review_until=until)
    assert (first.name, first.is_in_review) == ("2.0.0-rc.1", True)
    assert first.content["version"] == "2.0.0-rc.1"
    assert first.content["relecture"] == {"du": "2026-11-23T09:00:00.000Z", "au": "2026-12-03T09:00:00.000Z"}
    second = await prepare(database, room, by=dominique, review_until=until)
    assert second.name == "2.0.0-rc.2"
    assert await ask(database, releases.named, "2.0.0", 1) == first
    clock.advance(days=10)
    assert not second.is_in_review


@pytest.mark.parametrize("days", [-1, 0, 0.9, 367])
async def test_a_review_lasts_a_day_at_least_and_a_year_at_most(
    database: Database, camille: Person, dominique: Person, days: float
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    with pytest.raises(NotThus) as refusal:
        await prepare(database, room, by=dominique, review_until=world.now() + timedelta(days=days))
    assert list(refusal.value.fields) == ["review_until"]


# ── What a version holds


async def test_what_nobody_examined_is_carried_as_it_was(
    database: Database, camille: Person, dominique: Person
) -> None:
    first = await published(database)
    room = await decided(database, camille, start=Start.EMPTY, sheets=({**COMPLETE, "libelle": "Nouveau"},))
    second = await publish(database, room, by=dominique)
    assert second.version == "2.1.0"
    assert statuses(second.content) == {"ACT-08": "en_vigueur", "ACT-09": "en_vigueur"}
    (former,), (carried, _new) = first.content["indicateurs"], second.content["indicateurs"]
    assert carried == former


async def test_what_is_dropped_is_deprecated_then_removed(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    grown = await decided(database, camille, start=Start.EMPTY, sheets=({**COMPLETE, "libelle": "Nouveau"},))
    await publish(database, grown, by=dominique)
    room = await decided(database, camille, drop=("ACT-08",))
    deprecating = await publish(database, room, by=dominique)
    assert deprecating.version == "2.2.0"
    assert statuses(deprecating.content) == {"ACT-08": "deprecie", "ACT-09": "en_vigueur"}
    (item,) = [item for item in deprecating.content["indicateurs"] if item["code"] == "ACT-08"]
    assert item["depreciation"] == {"depuis": "2.2.0", "motif": "Inutile.", "remplace_par": [], "atelier": room.id}
    assert item["decision"]["resultat"] == "kept"
    assert [left["code"] for left in deprecating.content["ecartes"]] == ["ACT-08"]
    removing = await publish(database, await decided(database, camille, drop=("ACT-08",)), by=dominique)
    assert removing.version == "3.0.0"
    assert statuses(removing.content) == {"ACT-09": "en_vigueur"}
    assert removing.content["passage"] == [
        {"sort": "retire", "de": ["ACT-08"], "vers": []},
        {"sort": "identique", "de": ["ACT-09"], "vers": ["ACT-09"]},
    ]


async def test_what_is_on_its_way_out_stays_until_somebody_decides(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    two = await decided(database, camille, start=Start.EMPTY, sheets=({**COMPLETE, "libelle": "Nouveau"},))
    await publish(database, two, by=dominique)
    await publish(database, await decided(database, camille, drop=("ACT-08",)), by=dominique)
    room = await decided(database, camille, silent=("ACT-08",), reword={"ACT-09": CHANGED})
    still = await publish(database, room, by=dominique)
    assert (still.version, statuses(still.content)) == ("2.2.1", {"ACT-08": "deprecie", "ACT-09": "en_vigueur"})
    (item,) = [item for item in still.content["indicateurs"] if item["code"] == "ACT-08"]
    assert item["depreciation"]["depuis"] == "2.2.0"
    back = await publish(database, await decided(database, camille), by=dominique)
    assert (back.version, statuses(back.content)) == ("2.3.0", {"ACT-08": "en_vigueur", "ACT-09": "en_vigueur"})


async def test_what_nobody_decided_stays_as_it_was(database: Database, camille: Person, dominique: Person) -> None:
    first = await published(database)
    room = await decided(
        database, camille, sheets=({**COMPLETE, "libelle": "Nouveau"},), reword={"ACT-08": CHANGED}, silent=("ACT-08",)
    )
    second = await publish(database, room, by=dominique)
    assert second.sheets["ACT-08"] == first.sheets["ACT-08"]
    assert statuses(second.content)["ACT-08"] == "en_vigueur"


async def test_what_merged_is_deprecated_in_favour_of_what_it_became(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    room = await decided(
        database, camille, sheets=({**COMPLETE, "libelle": "Nouveau"},), merge=("ACT-08", "ACT-09")
    )
    second = await publish(database, room, by=dominique)
    assert second.version == "2.1.0"
    (item,) = [item for item in second.content["indicateurs"] if item["code"] == "ACT-08"]
    assert item["depreciation"] == {
        "depuis": "2.1.0",
        "motif": "Un doublon.",
        "remplace_par": ["ACT-09"],
        "atelier": room.id,
    }
    assert second.content["passage"] == [
        {"sort": "fusionne", "de": ["ACT-08"], "vers": ["ACT-09"]},
        {"sort": "nouveau", "de": [], "vers": ["ACT-09"]},
    ]


# ── Several workshops


async def test_several_workshops_feed_one_version_and_the_last_to_close_decides(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    await published(database)
    one = await decided(database, camille, reword={"ACT-08": {"libelle": "Le premier nom"}}, title="Le premier")
    clock.advance(hours=1)
    other = await decided(database, camille, reword={"ACT-08": {"libelle": "Le second nom"}}, title="Le second")
    clock.advance(hours=1)
    third = await decided(
        database, camille, start=Start.EMPTY, sheets=({**COMPLETE, "libelle": "Nouveau"},), title="Le troisième"
    )
    second = await publish(database, third, other, one, by=dominique)
    document = second.content
    assert [told["titre"] for told in document["ateliers"]] == ["Le premier", "Le second", "Le troisième"]
    assert document["atelier"] == document["ateliers"][-1]
    assert {code: sheet["libelle"] for code, sheet in second.sheets.items()} == {
        "ACT-08": "Le second nom",
        "ACT-09": "Nouveau",
    }
    assert [item["decision"]["atelier"] for item in document["indicateurs"]] == [other.id, third.id]
    for room in (one, other, third):
        assert await ask(database, frameworks.from_workshop, room.id) == second
        now = await reread(database, room)
        (told,) = [told for told in document["ateliers"] if told["id"] == room.id]
        assert (told["geste"], told["registre"]) == (now.gestures, now.head)
        with pytest.raises(NotNow):
            await prepare(database, room, by=dominique)


async def test_the_chain_names_every_version_before(database: Database, camille: Person, dominique: Person) -> None:
    found = [await published(database)]
    for name in ("Un", "Deux"):
        room = await decided(database, camille, reword={"ACT-08": {"libelle": name}})
        found.append(await publish(database, room, by=dominique))
    last = found[-1].content
    assert [(link["version"], link["empreinte"]) for link in last["chaine"]] == [
        (each.version, each.fingerprint) for each in found[:-1]
    ]
    assert [chains.first_break(each.content) for each in found] == [None] * 3


# ── Choices


async def test_a_raised_number_has_a_reason(database: Database, camille: Person, dominique: Person) -> None:
    await published(database)
    room = await decided(database, camille, reword={"ACT-08": CHANGED})
    with pytest.raises(NotThus) as refusal:
        await prepare(database, room, by=dominique, version="3.0.0", raised="")
    assert list(refusal.value.fields) == ["raised"]
    release = await prepare(database, room, by=dominique, version="3.0.0", raised="Une nouvelle époque.")
    assert release.content["niveau"] == {"calcule": "correctif", "retenu": "majeur", "motif": "Une nouvelle époque."}


async def test_a_redefinition_needs_a_fate_and_may_be_argued(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    room = await decided(database, camille, reword={"ACT-08": {"definition": "Projets arrêtés avant leur fin."}})
    with pytest.raises(NotThus) as refusal:
        await prepare(database, room, by=dominique)
    assert list(refusal.value.fields) == ["fate-ACT-08"]
    told = await prepare(database, room, by=dominique, fates={"ACT-08": Fate.BROADER})
    assert (told.version, told.content["passage"]) == (
        "3.0.0",
        [{"sort": "plus_large", "de": ["ACT-08"], "vers": ["ACT-08"]}],
    )
    argued = await prepare(database, room, by=dominique, arguments={"ACT-08": "Une tournure plus simple."})
    assert (argued.version, argued.content["arguments"]) == (
        "2.0.1",
        {"ACT-08": {"definition": "Une tournure plus simple."}},
    )
    assert argued.content["passage"] == [{"sort": "reformule", "de": ["ACT-08"], "vers": ["ACT-08"]}]


async def test_an_exception_may_deprecate_and_keep(database: Database, camille: Person, dominique: Person) -> None:
    await published(database)
    room = await decided(database, camille, sheets=({**COMPLETE, "libelle": "Nouveau"},))
    exceptions = {"ACT-08": Exceptional(False, "Personne ne le remplit.")}
    second = await publish(database, room, by=dominique, exceptions=exceptions)
    (item,) = [item for item in second.content["indicateurs"] if item["code"] == "ACT-08"]
    assert (item["statut"], item["depreciation"]["motif"]) == ("deprecie", "Personne ne le remplit.")


async def test_each_field_leads_back_to_where_it_was_written(
    database: Database, camille: Person, dominique: Person
) -> None:
    first = await published(database)
    before = first.content["indicateurs"][0]
    room = await decided(database, camille, reword={"ACT-08": CHANGED})
    table = await cards(database, room)
    second = await publish(database, room, by=dominique)
    (item,) = second.content["indicateurs"]
    assert item["provenance"]["definition"] == before["provenance"]["definition"]
    assert item["provenance"]["definition"]["version"] == "2.0.0"
    assert item["provenance"]["libelle"] == {
        "atelier": room.id,
        "indicateur": table["ACT-08"].id,
        "redaction": 2,
        "geste": table["ACT-08"].wording.gesture,
        "labo": None,
        "version": "2.0.1",
    }
    assert set(item["provenance"]) == set(item["fiche"])


async def test_a_draft_of_nothing_says_that_nothing_changes(database: Database) -> None:
    await published(database)
    draft = await ask(database, drafts.draft, [])
    assert (draft.comparison.level, [item.code for item in draft.items]) == (None, ["ACT-08"])
    with pytest.raises(NotThus):
        drafts.check(draft)


async def test_two_people_preparing_at_once_leave_one_preparation(
    database: Database, camille: Person, dominique: Person
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    for _ in range(2):
        await act(database, releases.prepare, [room.id, room.id], Choices(), by=dominique)
    assert len(await ask(database, releases.standing)) == 1




@pytest.mark.parametrize("hostile", ["\0", "\x0b", "\u202e", "\u200b", "\uffff"])
async def test_what_is_published_as_typed_is_clean(
    database: Database, camille: Person, dominique: Person, hostile: str
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE, COMPLETE))
    exceptions = {"ACT-09": Exceptional(False, f"Un{hostile} doublon.")}
    document = (await prepare(database, room, by=dominique, note=f"La{hostile} note.", exceptions=exceptions)).content
    assert document["note"] == "La note."
    assert document["ecartes"][0]["decision"]["motif"] == "Un doublon."
    with pytest.raises(NotThus) as refused:
        await prepare(database, room, by=dominique, exceptions={"ACT-09": Exceptional(False, hostile)})
    assert list(refused.value.fields) == ["because-ACT-09"]


async def test_a_correction_does_not_argue_for_what_a_workshop_rewrote(
    database: Database, camille: Person, dominique: Person
) -> None:
    """Else whoever mends a comma lowers the level of a definition that says something else."""
    await published(database)
    other = {"definition": "Tout autre chose : les agents formés dans l'année."}
    room = await decided(database, camille, reword={"ACT-08": other})
    fates = {"ACT-08": Fate.REWORDED}
    first = await prepare(database, room, by=dominique, fates=fates)
    text = first.contents.sheets["ACT-08"]
    mended = {**text, "libelle": f"{text['libelle']}."}
    await act(database, corrections.correct, "ACT-08", text, mended, because="Un point final.", by=dominique)
    second = await prepare(database, room, by=dominique, fates=fates)
    assert [release.version for release in (first, second)] == ["3.0.0", "3.0.0"]
    assert second.contents.sheets["ACT-08"] == mended
    assert second.content["arguments"] == {}


async def test_preparing_again_does_not_shorten_what_was_announced(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    until = world.now() + timedelta(days=10)
    candidate = await prepare(database, room, by=dominique, review_until=until)
    clock.advance(days=1)
    hasty = await prepare(database, room, by=dominique)
    (window,) = [each for each in await ask(database, publications.checklist, hasty) if not each.holds]
    assert (window.point, window.lacks) == (publications.Point.WINDOW, (candidate.name,))
    with pytest.raises(NotNow):
        await confirm(database, hasty)
    clock.advance(days=10)
    told = (await confirm(database, hasty)).content
    assert told["relecture"]["au"] < told["publie_le"]


async def test_workshops_prepared_apart_then_together_bring_all_their_reviews(
    database: Database, camille: Person, dominique: Person, clock: Clock
) -> None:
    apart = []
    for title in ("Un", "Deux"):
        room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,), title=title)
        until = world.now() + timedelta(days=2)
        candidate = await prepare(database, room, by=dominique, review_until=until)
        await act(database, reviews.leave, candidate.id, text="Non.", by=None)
        apart.append((room, candidate))
        clock.advance(hours=1)
    (one, first), (two, second) = apart
    together = await prepare(database, one, two, by=dominique)
    assert await ask(database, releases.line_of, together) == [together, second, first]
    clock.advance(days=3)
    with pytest.raises(NotNow):  # two reviews without an answer
        await confirm(database, together)
    for each in await ask(database, reviews.of, [first, second]):
        await act(database, reviews.reply, each.review.id, verdict="retenue", text="Oui.", by=dominique)
    told = (await confirm(database, together)).content["relecture"]
    assert [each["version"] for each in told["candidates"]] == ["2.0.0-rc.1", "2.0.0-rc.2"]
    assert told["remarques"] == 2


async def test_a_reason_that_the_workshop_wrote_is_not_written_over(
    database: Database, camille: Person, dominique: Person
) -> None:
    room = await decided(database, camille, start=Start.EMPTY, sheets=(COMPLETE,))
    (card,) = (await cards(database, room)).values()
    await act(database, conclusions.conclude, card.id, because="Ce que la salle a dit.", by=camille)
    release = await prepare(database, room, by=dominique, reasons={"ACT-08": "Ce que je préfère."})
    assert release.content["indicateurs"][0]["decision"]["motif"] == "Ce que la salle a dit."
    written = await ask(database, conclusions.get, card.id)
    assert written is not None
    assert (written.because, written.by_id) == ("Ce que la salle a dit.", camille.id)

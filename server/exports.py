"""Exports: records as the data other programs read. Keys are French and stay."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from server.i18n import gettext as _
from server.tables import harmless
from workshops import audit, journal
from workshops.agenda import Workshop
from workshops.audit import AuditEntry, Register
from workshops.canonical import canonical, timestamp
from workshops.changes import Change
from workshops.comments import Comment, Thread
from workshops.consensus import AXES, UNSAID
from workshops.evidence import Cited
from workshops.journal import Entry
from workshops.lineage import Relative
from workshops.objections import Stated
from workshops.reviews import Reviewed
from workshops.tabulations import Count, Reading, Results
from workshops.words import N_

BIAS = N_(
    "A répondu qui l'a voulu : ces réponses ne représentent pas toutes les personnes concernées. Sous cinq réponses à une "
    "question, seul leur nombre est donné."
)


def room(scene: Any, threads: Mapping[str, list[Thread]], cast: Any, present: int) -> dict[str, Any]:
    """`/ateliers/{id}.json`: stage, indicators (those that left the table last) with their text, tallies and comments, last gesture."""
    workshop: Workshop = scene.workshop
    return {
        "id": workshop.id,
        "titre": workshop.title,
        "objet": workshop.purpose,
        "date": workshop.held_on.isoformat(),
        "prepare": workshop.prepares,
        "etape": workshop.stage.value,
        "geste": workshop.gestures,
        "presents": present,
        "regle": workshop.rule,
        "tour": workshop.round,
        "consentement": None if scene.hearing is None or workshop.hides else consent(scene.hearing, cast),
        "indicateurs": [
            {
                "id": item.id,
                "code": item.card.indicator.code,
                "redaction": item.card.wording.number,
                **_standing(item),
                "origine": item.card.indicator.origin.value,
                "fiche": item.card.sheet,
                "votes": None if item.tally.is_hidden else item.tally.published(),
                "temoignages": [cited(each) for each in item.evidence],
                "avis": [comment(said, cast) for thread in threads.get(item.id, []) for said in _visible(thread)],
            }
            for item in scene.all
        ],
    }


def cited(each: Cited) -> dict[str, Any]:
    """A testimonial where it is cited; once it is gone, why, and nothing of it."""
    quoted, voice = each.quoted, each.quoted.voice
    if quoted.gone:
        return {"id": quoted.id, "retire": True, "pourquoi": quoted.gone.value}
    assert voice
    return {
        "id": voice.id,
        "motif": each.because,
        "impression": voice.face.value,
        "qualite": voice.capacity.value if voice.capacity else None,
        "mois": voice.month.strftime("%Y-%m"),
        "labo": voice.lab,
        "projet": voice.project or None,
        "texte": voice.happened,
        "changement": voice.changed,
        "prenom": voice.name or None,
    }


def _standing(item: Any) -> dict[str, Any]:
    """Whether an indicator is on the table, else how it left and why; what it became, and what it comes from."""
    left = item.card.departure
    return {
        "statut": left.how.value if left else "open",
        "motif": left.because if left else None,
        "devient": [_relative(each) for each in item.kin.became],
        "provient_de": [_relative(each) for each in item.kin.comes_from],
    }


def _relative(each: Relative) -> dict[str, str]:
    return {"id": each.id, "code": each.code}


def consent(hearing: Any, cast: Any) -> dict[str, Any]:
    """Where the whole set stands: voices, and every objection with its answer and its lifting."""
    roll = hearing.roll
    return {
        "ensemble": roll.fingerprint,
        "consentements": roll.consents,
        "abstentions": roll.abstains,
        "a_confirmer": roll.earlier,
        "sur_papier": roll.on_paper,
        "objections": [objection(each.stated, cast) for each in hearing.heard],
    }


def objection(stated: Stated, cast: Any) -> dict[str, Any]:
    """An objection, signed, with what became of it."""
    held, reply, lifting = stated.objection, stated.reply, stated.lifting
    return {
        "id": held.id,
        "indicateur": held.indicator_id,
        "redaction": held.wording,
        "texte": held.text,
        "auteur": cast.name(held.by_id),
        "labo": held.lab_slug,
        "reponse": None if reply is None else {"texte": reply.text, "auteur": cast.name(reply.by_id)},
        "levee": None if lifting is None else {"motif": lifting.because},
    }


def _visible(thread: Thread) -> list[Comment]:
    """A thread without what was hidden."""
    return [each.comment for each in (thread, *thread.answers) if each.hiding is None]


def comment(said: Comment, cast: Any) -> dict[str, Any]:
    """A comment, signed as its author chose."""
    return {
        "id": said.id,
        "champ": said.field,
        "redaction": said.wording,
        "texte": said.text,
        "reponse_a": said.parent_id,
        "auteur": cast.name(said.by_id),
        "labo": cast.lab_slug(said.by_id),
    }


def changed(found: Iterable[Change]) -> list[dict[str, Any]]:
    """What one text did to another, field by field."""
    return [
        {
            "champ": each.field.name,
            "avant": "".join(piece.text for piece in each.pieces if piece.state != "new"),
            "apres": "".join(piece.text for piece in each.pieces if piece.state != "gone"),
        }
        for each in found
    ]


def minutes(workshop: Workshop, entries: Iterable[Entry]) -> dict[str, Any]:
    """`/ateliers/{id}/registre.json`: every gesture with what its hash is made of."""
    return {
        "atelier": {"id": workshop.id, "titre": workshop.title, "date": workshop.held_on.isoformat()},
        "etape": workshop.stage.value,
        "origine": journal.GENESIS,
        "derniere_empreinte": workshop.head,
        "gestes": [{**journal.told(entry), "empreinte": entry.hash} for entry in entries],
    }


def platform(head: Register, entries: Iterable[AuditEntry]) -> dict[str, Any]:
    """`/registre.json`: the platform's journal. A line that is not public keeps its place and its hash, nothing else."""
    return {
        "atelier": {"id": audit.PLATFORM, "titre": _("Registre de la plateforme")},
        "origine": journal.GENESIS,
        "derniere_empreinte": head.head,
        "gestes": [_told(entry) for entry in entries],
    }


def _told(entry: AuditEntry) -> dict[str, Any]:
    if entry.kind.is_public:
        return {**audit.told(entry), "empreinte": entry.hash}
    place = {"atelier": audit.PLATFORM, "numero": entry.number, "precedent": entry.previous_hash}
    return {**place, "reserve": True, "empreinte": entry.hash}


def review(each: Reviewed) -> dict[str, Any]:
    """A review of a candidate, with its answer; hidden, it keeps its place and the reason."""
    said, answer, hidden = each.review, each.reply, each.hiding
    return {
        "id": said.id,
        "version": each.release.name,
        "indicateur": said.code or None,
        "champ": said.field or None,
        "le": timestamp(said.at),
        "texte": None if hidden else said.text,
        "masquee": hidden.because if hidden else None,
        "reponse": None if answer is None else {"suite": answer.verdict.value, "texte": answer.text},
    }


def ballots_csv(document: Mapping[str, Any]) -> str:
    """The ballots of a vote as a table, every round: one line a ballot, each with the rule, a column an axis."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    rule = document["regle"]
    axes = list(AXES.values()) if rule["methode"] == "deux_axes" else []
    writer.writerow(["atelier", "code", "redaction", "tour", "voix", "groupe", *(axes or ["bulletin"]), "regle"])
    for item in document["indicateurs"]:
        for round in (*item["tours_precedents"], item):
            for paper in round["bulletins"]:
                said = [score.replace(UNSAID, "") for score in paper["bulletin"].split("/")]
                row = [document["atelier"]["id"], item["code"], round["redaction"], round["tour"]]
                row += [paper.get("voix", ""), paper.get("groupe") or "", *said, canonical(rule).decode()]
                writer.writerow([harmless(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def survey(found: Results) -> dict[str, Any]:
    """`/enquetes/{id}/resultats.json`: what may be told of the answers to a survey, and what they do not say."""
    told = found.known.survey
    return {
        "enquete": {
            "id": told.id,
            "titre": told.title,
            "objet": told.purpose,
            "laboratoire": told.lab_slug,
            "point": told.touchpoint_id,
            "projet": told.project_id,
            "indicateur": told.code,
            "etat": found.known.state.value,
        },
        "periode": {
            "debut": timestamp(told.opens_at),
            "fin": timestamp(told.closes_at),
            "close_le": timestamp(found.known.closing.at) if found.known.closing else None,
        },
        "reponses": {"commencees": found.begun, "terminees": found.ended},
        "questions": [_count(each) for each in found.counts],
        "scores": {each.index.value: _score(each) for each in found.readings},
        "avertissement": _(BIAS),
    }


def _count(count: Count) -> dict[str, Any]:
    asked = {"numero": count.place, "genre": count.question.kind.value, "intitule": count.question.text, "n": count.n}
    if count.choices is None:
        return {**asked, "choix": None}
    made = zip(count.question.labels, count.choices, strict=True)
    return {**asked, "choix": [{"libelle": label, "reponses": number} for label, number in made]}


def _score(reading: Reading) -> dict[str, Any]:
    return {
        "valeur": reading.value,
        "sur": 1 if reading.is_share else 10,
        "n": reading.n,
        "couleur": reading.colour.value if reading.colour else None,
    }

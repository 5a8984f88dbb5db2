"""A testimony: what citizens told a lab in a few days, of every kind, with words that nobody but a few may read."""

from dataclasses import dataclass

from server.database import Database
from tests.cast import act, colleague, give, moderator, touchpoint, witness
from workshops import answers, maskings, moderation, testimonials, touchpoints, withdrawals
from workshops.people import Person
from workshops.testimonials import Testimonial
from workshops.touchpoints import Touchpoint

# Each stands in one place alone, so that what leaks says from where.
WITHDRAWN = "Mots-retires-par-leur-auteur"
TAKEN_BACK = "Mots-depublies-par-la-moderation"
UNREAD = {
    "Mots-en-attente-de-relecture",
    "Mots-refuses-par-le-labo",
    "Mots-gardes-pour-le-labo",
    "Mots-juges-a-nouveau",
    "Mots-masques-par-la-moderation",
    "Mots-d-appel",
    "Mots-de-la-moderation-a-l-auteur",
    "Reponse-a-des-mots-retires",
    "adresse-scellee-de-quelqu-un",
    WITHDRAWN,
    TAKEN_BACK,
}
FIRST_NAME = "Prenom-de-temoin"  # read on pages, where its author put it; in no data


@dataclass(frozen=True)
class Testimony:
    """`said` is published, masked and answered; `private`: keys and words that nobody reads in public."""

    point: Touchpoint
    said: Testimonial
    gone: Testimonial
    unread: list[Testimonial]
    private: set[str]
    morgane: Person


async def tell_everything(database: Database) -> Testimony:
    """Of every kind, one: published, withdrawn, taken back, refused, appealed, waiting, kept for the lab, a face alone."""
    alix, morgane = await colleague(database, name="Alix-du-labo"), await moderator(database, "Morgane-d-ici")
    former = await touchpoint(database, project="Démarches simples", by=alix)
    point = await act(database, touchpoints.replace, former.id, name="=Guichet", because="Déménagement-du-labo", by=alix)
    said_key, said = await _said(database, point, alix, morgane)
    gone_key, gone = await witness(database, point, happened=WITHDRAWN, changed=WITHDRAWN, by=morgane)
    await act(database, answers.answer, gone.id, text="Reponse-a-des-mots-retires", by=alix)
    await act(database, withdrawals.withdraw, gone_key)
    taken_key, taken = await witness(database, point, happened=TAKEN_BACK, by=morgane)
    await act(database, moderation.decide, taken.id, verdict="refuse", reason="faux", base=1, by=morgane)
    refused_key, refused = await give(database, point, face="mal", happened="Mots-refuses-par-le-labo")
    note = "Mots-de-la-moderation-a-l-auteur"
    decided = {"verdict": "refuse", "reason": "personne_visee", "note": note, "base": 1}
    await act(database, moderation.decide, refused.id, **decided, by=alix)
    appealed_key, appealed = await give(database, point, face="mal", happened="Mots-juges-a-nouveau")
    await act(database, moderation.decide, appealed.id, **decided, by=alix)
    await act(database, moderation.appeal, appealed_key, text="Mots-d-appel")
    contact = {"wants_contact": True, "contact": "adresse-scellee-de-quelqu-un"}
    waiting_key, waiting = await give(database, point, happened="Mots-en-attente-de-relecture", **contact)
    kept = {"may_publish": False, "may_cite": False}
    kept_key, kept_one = await give(database, lab="siilab", happened="Mots-gardes-pour-le-labo", **kept)
    face_key, face = await give(database, lab="siilab")
    keys = {said_key, gone_key, taken_key, refused_key, appealed_key, waiting_key, kept_key, face_key}
    private = UNREAD | keys | {testimonials.hashed(key) for key in keys}
    return Testimony(point, said, gone, [taken, refused, appealed, waiting, kept_one, face], private, morgane)


async def _said(database: Database, point: Touchpoint, alix: Person, morgane: Person) -> tuple[str, Testimonial]:
    masked = "Mots-masques-par-la-moderation"
    told = {"happened": f"=Bien. {masked} m'a reçue.", "changed": "J'ose demander.", "name": FIRST_NAME}
    key, said = await give(database, point, **told, capacity="usager", clarity="4", heard="5")
    await act(database, maskings.mask, said.id, [masked], base=1, by=morgane)
    await act(database, moderation.decide, said.id, verdict="publie", base=2, by=morgane)
    await act(database, answers.answer, said.id, text="-Merci.", by=alix)
    return key, said

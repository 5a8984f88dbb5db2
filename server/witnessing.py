"""Witnessing: what a citizen sends, before the domain hears it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server import maillinks
from server.forms import TellForm
from server.settings import Settings
from workshops import personal, world
from workshops.journal import Sending
from workshops.personal import Sort
from workshops.refusals import NotThus
from workshops.testimonials import Told
from workshops.words import N_
from workshops.world import KEY_LENGTH

MISTAKEN = str.maketrans("oil", "011")  # Crockford: what one reads in a digit's place
WRITTEN = ("happened", "changed", "name")
# The address is a secret: no copy is kept, no engine lists it. `Referrer-Policy` is the house's, and tells no other
# site; none at all would have browsers send forms under no name.
HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


# ── The key


def new_sending() -> str:
    """What a form says of itself, so that sent twice it is one testimonial: 24 characters, 120 bits."""
    return world.new_id() + world.new_id()


def key_of(sending: Sending | None, secret: str, what: str = "testimonial") -> str:
    """The key of what is sent: always the same for a sending, and only this site draws it; any, without a sending.

    Raises NotThus when a program says too little of its own sending: somebody else might say it too.
    """
    if sending is None:
        return world.new_key()
    if len(sending.key) < KEY_LENGTH:
        raise NotThus({"key": N_("Cette clé d'envoi est trop courte : seize caractères au moins, tirés au hasard.")})
    said = f"grille-commune {what} {sending.key}"
    drawn = int.from_bytes(hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest()[:10])
    return "".join(world.ID_ALPHABET[drawn >> 5 * place & 31] for place in range(KEY_LENGTH))


def code(key: str) -> str:
    """A key as one copies it by hand: `4F7K 9M2Q 0VXE T8R3`."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4)).upper()


def typed(code: str) -> str | None:
    """The key that somebody typed, however they spaced it and whatever they read in a digit's place; None if it is none."""
    key = "".join(filter(str.isalnum, code)).lower().translate(MISTAKEN)
    return key if len(key) == KEY_LENGTH and set(key) <= set(world.ID_ALPHABET) else None


# ── What is told


@dataclass(frozen=True)
class Found:
    """What looks like personal data in a field."""

    field: str
    sort: Sort
    text: str


class Revealing(NotThus):
    """A text seems to hold personal data, and its author has not said what to do with them."""

    def __init__(self, found: list[Found]) -> None:
        super().__init__(
            {"traces": N_("Votre texte semble contenir des données personnelles : dites ce qu'il faut en faire.")}
        )
        self.found = found
        self.told: Mapping[str, Any] = {
            "donnees": [{"champ": each.field, "genre": each.sort.value, "texte": each.text} for each in found]
        }


def told(form: TellForm, settings: Settings) -> Told:
    """What somebody tells, with their address sealed.

    Raises Revealing while they have not said what becomes of the personal data that their words seem to hold; NotThus
    for an address that is none, that nobody may write to, or that cannot be written to from here.
    """
    texts = {name: getattr(form, name) for name in WRITTEN}
    if form.traces == "remove":
        texts = {name: personal.without(text) for name, text in texts.items()}
    elif form.traces != "keep" and (seen := found(texts)):
        raise Revealing(seen)
    return Told(
        **texts,
        **form.model_dump(include={"face", "capacity", "clarity", "heard", "may_publish", "may_cite", "wants_contact"}),
        contact=_sealed(form, settings),
    )


def found(texts: Mapping[str, str]) -> list[Found]:
    """What looks like personal data in some texts."""
    return [
        Found(field, trace.sort, text[trace.start : trace.end])
        for field, text in texts.items()
        for trace in personal.traces(text)
    ]


def _sealed(form: TellForm, settings: Settings) -> str | None:
    address = form.email.strip()
    if form.wants_contact and not settings.sends_mail:
        raise NotThus({"wants_contact": N_("Ce site n'envoie pas de courriel : personne ne pourrait vous répondre.")})
    if address and not form.wants_contact:
        raise NotThus({"wants_contact": N_("Cochez cette case pour que l'on vous écrive, ou effacez l'adresse.")})
    if not address:
        return None
    try:
        return settings.seal.seal(maillinks.clean(address))
    except NotThus as refusal:
        raise NotThus({"email": refusal.fields["address"]}) from None

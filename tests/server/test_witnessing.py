"""Witnessing: the key of a testimonial, and what a text seems to hold."""

import pytest

from server import witnessing
from server.forms import TellForm
from server.settings import Settings
from server.witnessing import Found, Revealing
from workshops import world
from workshops.journal import Sending
from workshops.personal import Sort
from workshops.refusals import NotThus

SECRET = "un secret de trente-deux caracteres"
SEALED = Settings(_env_file=None, demo=True, secret_key=SECRET)


def sent(key: str, digest: str = "") -> Sending:
    return Sending(key, digest)


# ── The key


def test_a_sending_has_one_key_whatever_it_carries() -> None:
    one = witnessing.key_of(sent("envoi-de-vingt-quatre-car", "a"), SECRET)
    assert one == witnessing.key_of(sent("envoi-de-vingt-quatre-car", "b"), SECRET)
    assert (len(one), set(one) - set(world.ID_ALPHABET)) == (16, set())


def test_another_sending_or_another_site_has_another_key() -> None:
    names = [witnessing.new_sending() for _ in range(200)]
    assert {len(name) for name in names} == {24}
    assert len({witnessing.key_of(sent(name), SECRET) for name in names}) == 200
    assert witnessing.key_of(sent(names[0]), SECRET) != witnessing.key_of(sent(names[0]), SECRET + "!")


def test_every_letter_of_the_alphabet_is_drawn() -> None:
    """Five bits a letter: none is worth less than another."""
    drawn = [witnessing.key_of(sent(f"envoi numéro {number:04}"), SECRET) for number in range(400)]
    for place in range(16):
        assert {key[place] for key in drawn} == set(world.ID_ALPHABET)


def test_without_a_sending_any_key_does() -> None:
    assert witnessing.key_of(None, SECRET) != witnessing.key_of(None, SECRET)


def test_a_weak_sending_is_refused() -> None:
    for weak in ("", "k", "quinze-caractèr"):
        with pytest.raises(NotThus) as refusal:
            witnessing.key_of(sent(weak), SECRET)
        assert list(refusal.value.fields) == ["key"]
    assert witnessing.key_of(sent("seize-caractères"), SECRET)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("4f7k9m2q0vxet8r1", "4f7k9m2q0vxet8r1"),
        ("4F7K 9M2Q 0VXE T8R1", "4f7k9m2q0vxet8r1"),
        (" 4f7k-9m2q-Ovxe-T8RI\n", "4f7k9m2q0vxet8r1"),
        ("4f7k.9m2q_oVXE/t8rl", "4f7k9m2q0vxet8r1"),
        ("4f7k9m2q0vxet8r", None),
        ("4f7k9m2q0vxet8r12", None),
        ("4f7k9m2qUvxet8r1", None),
        ("４f7k9m2q0vxet8r1", None),
        ("", None),
    ],
)
def test_a_code_is_read_however_it_was_copied(typed: str, key: str | None) -> None:
    assert witnessing.typed(typed) == key


def test_a_code_is_written_to_be_copied_by_hand() -> None:
    assert witnessing.code("4f7k9m2q0vxet8r1") == "4F7K 9M2Q 0VXE T8R1"
    key = world.new_key()
    assert witnessing.typed(witnessing.code(key)) == key


# ── What is told


def test_personal_data_is_told_before_anything_else() -> None:
    with pytest.raises(Revealing) as refusal:
        witnessing.told(TellForm(happened="Au 06 12 34 56 78.", name="lea@exemple.fr"), SEALED)
    assert refusal.value.found == [
        Found("happened", Sort.PHONE, "06 12 34 56 78"),
        Found("name", Sort.EMAIL, "lea@exemple.fr"),
    ]
    assert refusal.value.told["donnees"][0] == {"champ": "happened", "genre": "telephone", "texte": "06 12 34 56 78"}


def test_its_author_removes_it_or_keeps_it() -> None:
    form = TellForm(happened="Au 06 12 34 56 78, ou lea@exemple.fr.", changed="Rien.")
    kept = witnessing.told(form.model_copy(update={"traces": "keep"}), SEALED)
    assert (kept.happened, kept.changed) == (form.happened, "Rien.")
    removed = witnessing.told(form.model_copy(update={"traces": "remove"}), SEALED)
    assert (removed.happened, removed.changed) == ("Au [retiré], ou [retiré].", "Rien.")
    with pytest.raises(Revealing):
        witnessing.told(form.model_copy(update={"traces": "peut-être"}), SEALED)


def test_an_address_is_sealed() -> None:
    told = witnessing.told(TellForm(wants_contact=True, email=" Lea@Exemple.fr "), SEALED)
    assert told.contact
    assert ("lea" in told.contact, SEALED.seal.open(told.contact)) == (False, "lea@exemple.fr")
    assert witnessing.told(TellForm(wants_contact=True), SEALED).contact is None


def test_an_address_that_does_not_hold_is_refused_beside_its_field() -> None:
    silent = Settings(_env_file=None, secret_key=SECRET)
    for form, settings, field in (
        (TellForm(wants_contact=True, email="lea"), SEALED, "email"),
        (TellForm(email="lea@exemple.fr"), SEALED, "wants_contact"),
        (TellForm(wants_contact=True, email="lea@exemple.fr"), silent, "wants_contact"),
    ):
        with pytest.raises(NotThus) as refusal:
            witnessing.told(form, settings)
        assert list(refusal.value.fields) == [field]

"""Changes: what differs between two texts, and between two sheets."""

from hypothesis import given
from hypothesis import strategies as st

from tests.cast import COMPLETE
from workshops import changes
from workshops.changes import Piece
from workshops.sheet import Level

texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.lists(st.sampled_from(["un", "deux", "trois", ".", "\n", "’", "é"]), max_size=30).map(" ".join),
)


@given(texts, texts)
def test_joining_the_pieces_gives_both_texts_back(before: str, after: str) -> None:
    pieces = changes.words(before, after)
    assert "".join(piece.text for piece in pieces if piece.state != "new") == before
    assert "".join(piece.text for piece in pieces if piece.state != "gone") == after
    assert {piece.state for piece in pieces} <= {"same", "gone", "new"}
    assert [piece for piece in pieces if piece.text == ""] == []


@given(texts)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert changes.words(text, text) == ((Piece("same", text),) if text else ())


def test_words_are_compared_not_letters() -> None:
    assert changes.words("Nombre d'agents engagés.", "Nombre d'agents impliqués.") == (
        Piece("same", "Nombre d'agents "),
        Piece("gone", "engagés"),
        Piece("new", "impliqués"),
        Piece("same", "."),
    )


def test_the_fields_that_differ_come_in_order_with_their_level() -> None:
    after = {**COMPLETE, "definition": "Autre chose.", "libelle": "Autre nom", "ventilations": ["par lieu"]}
    found = [(change.field.name, change.level) for change in changes.between(COMPLETE, after)]
    assert found == [("libelle", Level.PATCH), ("definition", Level.MAJOR), ("ventilations", Level.MINOR)]
    assert changes.between(COMPLETE, dict(COMPLETE)) == []


def test_a_person_reads_labels_and_lines_rather_than_codes() -> None:
    after = {**COMPLETE, "sens": "plus_haut_mieux", "methode_collecte": ["comptage", "enquete"]}
    assert [change.pieces for change in changes.between(COMPLETE, after)] == [
        changes.words("Ni l'un ni l'autre", "Plus c'est haut, mieux c'est"),
        (Piece("same", "Comptage"), Piece("new", "\nEnquête")),
    ]


def test_a_few_letters_kept_between_two_changes_belong_to_them() -> None:
    """« Compte des agents » and « Nombre d'agents » share a space: nobody reads it as kept."""
    assert changes.words("Compte des agents publics", "Nombre de citoyens publics") == (
        Piece("gone", "Compte des agents"),
        Piece("new", "Nombre de citoyens"),
        Piece("same", " publics"),
    )


def test_two_texts_made_to_be_slow_to_compare_are_shown_whole() -> None:
    before, after = "a " * 1000, "a b " * 500
    assert changes.words(before, after) == (Piece("gone", before), Piece("new", after))


def test_what_is_added_after_a_sentence_leaves_the_sentence_alone() -> None:
    assert changes.words("Publiés.", "Publiés. Sans les brouillons.") == (
        Piece("same", "Publiés."),
        Piece("new", " Sans les brouillons."),
    )

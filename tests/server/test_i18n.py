"""Languages: French sentences, spaces, dates and numbers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server import i18n

NARROW, WIDE = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Qui ? Moi !", f"Qui{NARROW}? Moi{NARROW}!"),
        ("ceci ; cela", f"ceci{NARROW}; cela"),
        ("Attention : 3", f"Attention{WIDE}: 3"),
        ("« garder »", f"«{WIDE}garder{WIDE}»"),
        ("l'engagement n° 46", f"l’engagement n°{WIDE}46"),
        ("https://grille.example/?a=b;c:d", "https://grille.example/?a=b;c:d"),
        ("Rien à changer.", "Rien à changer."),
    ],
)
def test_french_spaces_are_where_they_belong(typed: str, shown: str) -> None:
    assert i18n.typeset(typed) == shown
    assert i18n.typeset(shown) == shown
    assert i18n.gettext(typed) == shown


@pytest.mark.parametrize(("number", "said"), [(0, "l’avis"), (1, "l’avis"), (2, "les avis"), (19, "les avis")])
def test_none_and_one_are_singular(number: int, said: str) -> None:
    assert i18n.ngettext("l'avis", "les avis", number) == said


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 11, 23), "lundi 23 novembre 2026"),
        (date(2026, 12, 1), "mardi 1er décembre 2026"),
        (date(2026, 12, 11), "vendredi 11 décembre 2026"),
    ],
)
def test_a_day_is_said_in_full(day: date, said: str) -> None:
    assert i18n.day(day) == said


def test_a_month_is_said_with_its_year() -> None:
    assert [i18n.month(date(2026, month, 1)) for month in (8, 11)] == ["août 2026", "novembre 2026"]


def test_moments_are_those_of_paris() -> None:
    winter, summer = datetime(2026, 11, 23, 9, 42, 7, tzinfo=UTC), datetime(2026, 7, 14, 22, 5, 0, tzinfo=UTC)
    assert (i18n.moment(winter), i18n.clock(winter)) == ("23 novembre à 10:42", "10:42:07")
    assert (i18n.moment(summer), i18n.clock(summer)) == ("15 juillet à 00:05", "00:05:00")
    assert (i18n.hour(winter), i18n.hour(summer)) == (f"10{WIDE}h{WIDE}42", f"0{WIDE}h{WIDE}05")


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0"), (1234.5, f"1{NARROW}234,5"), (1234567, f"1{NARROW}234{NARROW}567"), (0.25, "0,25")]
)
def test_numbers_are_written_the_french_way(number: float, said: str) -> None:
    assert i18n.number(number) == said


@pytest.mark.parametrize(("score", "said"), [(0, "0,0"), (10, "10,0"), (7.25, "7,2"), (4.359, "4,4")])
def test_a_score_always_has_its_decimal(score: float, said: str) -> None:
    assert i18n.tenth(score) == said


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        (timedelta(0), "moins d’une heure"),
        (timedelta(minutes=29), "moins d’une heure"),
        (timedelta(hours=1), f"1{WIDE}heure"),
        (timedelta(hours=47, minutes=20), f"47{WIDE}heures"),
        (timedelta(days=2), f"2{WIDE}jours"),
        (timedelta(days=1200, hours=13), f"1{NARROW}201{WIDE}jours"),
    ],
)
def test_how_long_something_took_is_said_in_words(delay: timedelta, said: str) -> None:
    assert i18n.lasting(delay) == said

"""Grid files: true line numbers, every encoding French spreadsheets write, and nothing that a hostile file can do."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server import gridfiles
from workshops import grids, sheet
from workshops.grids import Judged

ITEM = {"code": "É1", "fiche": {"libelle": "Écoute", "definition": "Deux\nlignes"}, "ligne": 2}


def judged(content: bytes | str, name: str = "g.csv", *keeping: str) -> Judged:
    content = content if isinstance(content, bytes) else content.encode()
    return grids.judge(gridfiles.read(name, content), keeping)


def told(content: bytes | str, name: str = "g.csv") -> list[tuple[int, str]]:
    return [(each.line, each.sentence.format(**each.values)) for each in judged(content, name).problems]


CSV = 'code;libelle;definition\nÉ1;Écoute;"Deux\nlignes"\n'


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CSV.encode(), "utf-8"),
        (CSV.encode("utf-8-sig"), "utf-8"),
        (CSV.encode("cp1252"), "windows-1252"),
        (CSV.replace("\n", "\r\n").encode(), "utf-8"),
        (CSV.replace("\n", "\r").encode(), "utf-8"),
        (CSV.replace(";", ",").encode(), "utf-8"),
        (CSV.replace(";", "\t").encode(), "utf-8"),
        (CSV.replace("\n", ";;;\n", 1).replace('"\n', '";;\n').encode(), "utf-8"),
        (b'- code: "\xc3\x891"\n  libelle: \xc3\x89coute\n  definition: |\n    Deux\n    lignes\n', "utf-8"),
        (b'{"indicateurs": [{"code": "\xc3\x891", "libelle": "\xc3\x89coute", "definition": "Deux\\nlignes"}]}', "utf-8"),
    ],
)
def test_all_the_ways_to_write_one_grid(content: bytes, encoding: str) -> None:
    grid = gridfiles.read("", content)
    assert (grid.encoding, grids.judge(grid).problems) == (encoding, ())
    (item,) = grids.judge(grid).items
    assert {**item, "ligne": 2} == ITEM


def test_lines_are_those_of_the_file() -> None:
    text = '\ncode,libelle,nature\n\n"A","a\nb\nc",x\nB,b,y\n,,\nC,c,mixte\n'
    assert told(text) == [
        (4, "Une seule ligne."),
        (6, "« x » n'est pas dans la liste : quantitatif, qualitatif, mixte."),
        (7, "« y » n'est pas dans la liste : quantitatif, qualitatif, mixte."),
    ]
    assert gridfiles.lines(text.encode())[6] == "B,b,y"
    yaml = "# une grille\nindicateurs:\n- code: A\n  definition: |\n    Sur\n    trois\n  nature: x\n  libelle: a\n\n- code: A\n"
    assert told(yaml, "g.yaml") == [
        (7, "« x » n'est pas dans la liste : quantitatif, qualitatif, mixte."),
        (10, "Il manque « libelle »."),
        (10, "Le code « A » est déjà à la ligne 3."),
    ]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", [(0, "Il n'y a rien à lire : le fichier est vide.")]),
        (b" \n\t\n", [(0, "Il n'y a rien à lire : le fichier est vide.")]),
        (b"code,libelle\n", [(0, "Ce fichier ne contient aucun indicateur.")]),
        (b"libelle\nx", [(1, "Il manque la colonne « code ».")]),
        (b"code,libelle\nA\nB,b,c\nC,c,", [
            (2, "Cette ligne n'a pas autant de cellules que la première : 1 au lieu de 2."),
            (3, "Cette ligne n'a pas autant de cellules que la première : 3 au lieu de 2."),
        ]),
        (b'code,libelle\nA,a\nB,"b\nC,c\n', [(3, "Un guillemet ouvert ici n'est jamais refermé.")]),
        (b'code,libelle\nA,a\nB,"b"b\nC,c\n', [(3, "Un guillemet est mal placé.")]),
        (b"code,libelle\nA,a\0\nB,\x1b[31m", [
            (2, "Cette ligne a un caractère qui n'est pas du texte (U+0000)."),
            (3, "Cette ligne a un caractère qui n'est pas du texte (U+001B)."),
        ]),
        ("code,libelle\nA,a".encode("utf-16"), [(1, "Ce fichier est en UTF-16 : enregistrez-le en UTF-8.")]),
        (b"code,libelle\nA,\x81", [(2, "Ce fichier n'est pas en UTF-8 : enregistrez-le ainsi.")]),
        (b"x" * (gridfiles.MOST_BYTES + 1), [(0, "Ce fichier est trop gros : 96 Kio au plus.")]),
        (b"code,libelle\n" + b"".join(b"%d,x\n" % n for n in range(501)), [(502, "Plus de 500 indicateurs.")]),
        (b"," * 101 + b"x", [(1, "Plus de 100 colonnes.")]),
    ],
)  # fmt: skip
def test_a_csv_that_does_not_hold_says_where(content: bytes, problems: list[tuple[int, str]]) -> None:
    assert told(content) == problems


LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("- code: é\n- libelle".encode("cp1252"), [(1, "Ce fichier n'est pas en UTF-8 : enregistrez-le ainsi.")]),
        (b"- code: A\n  libelle: [x\n  nature: y", [
            (3, "Ce YAML ne se lit plus à partir du caractère 9 : vérifiez retraits, guillemets et deux-points."),
        ]),
        (b"- code: A\n- [", [
            (2, "Ce YAML ne se lit plus à partir du caractère 4 : vérifiez retraits, guillemets et deux-points."),
        ]),
        (b"- code: A\n\tlibelle: x", [
            (2, "Ce YAML ne se lit plus à partir du caractère 1 : vérifiez retraits, guillemets et deux-points."),
        ]),
        (b"- code: A\n  code: B\n  libelle: x", [(2, "Cette colonne est déjà à la ligne 1.")]),
        (b"- code: A\n  libelle: {a: b}", [(2, "On attend ici un texte, ou une liste de textes.")]),
        (b"- code: A\n  libelle: x\n- rien", [(3, "On attend ici un indicateur : des noms et leurs valeurs.")]),
        (b"titre: Grille\nindicateurs:\n- code: A\n  libelle: a", [
            (1, "En dehors de la liste « indicateurs », rien n'est lu : « titre » est à retirer."),
        ]),
        (b"indicateurs: rien", [(1, "On attend une liste d'indicateurs.")]),
        (b"rien", [(1, "On attend une liste d'indicateurs.")]),
        (b"# rien", [(0, "Ce fichier ne contient aucun indicateur.")]),
        (b"- code: A\n  libelle: a\n---\n- code: B\n  libelle: b", [(3, "Un seul document YAML par fichier.")]),
        (b"- code: !!python/object/apply:os.system [ls]\n  libelle: !x y", [
            (1, "Pas d'étiquette « ! » : tout est lu comme du texte."),
            (2, "Pas d'étiquette « ! » : tout est lu comme du texte."),
        ]),
        (b"- code: &a A\n  libelle: *a", [
            (1, "Ni ancre « & » ni renvoi « * » : écrivez le texte en entier."),
            (2, "Ni ancre « & » ni renvoi « * » : écrivez le texte en entier."),
        ]),
        (b"- <<: *base\n  code: A", [(1, "Ni ancre « & » ni renvoi « * » : écrivez le texte en entier.")]),
        (b"[" * 50_000, [(1, "Des listes et des noms trop imbriqués.")]),
        (b"- " * 40_000, [(1, "Des listes et des noms trop imbriqués.")]),
        (b"? " * 40_000, [(1, "Des listes et des noms trop imbriqués.")]),
        (b"- code: A\n" * 501, None),
    ],
)  # fmt: skip
def test_a_yaml_that_does_not_hold_says_where(content: bytes, problems: list[tuple[int, str]] | None) -> None:
    found = told(content, "g.yml")
    assert (found if problems else found[-1:]) == (problems or [(501, "Plus de 500 indicateurs.")])


def test_a_billion_laughs_are_refused_before_they_are_built() -> None:
    assert {sentence for _line, sentence in told(LAUGHS, "g.yml")} == {
        "Ni ancre « & » ni renvoi « * » : écrivez le texte en entier."
    }


def test_everything_is_the_text_that_is_written() -> None:
    rows = "- {code: 012, libelle: no}\n- {code: 1_000, libelle: 2019-04-01}\n- {code: =1+1, libelle: '@x'}\n- {code: 1e3, libelle: 'null'}"
    assert [(item["code"], item["fiche"]["libelle"]) for item in judged(rows, "g.yml").items] == [
        ("012", "no"),
        ("1_000", "2019-04-01"),
        ("=1+1", "@x"),
        ("1e3", "null"),
    ]
    assert told("- {code: ~, libelle: null}", "g.yml") == [(1, "Ce champ est nécessaire.")] * 2
    (item,) = judged('code,libelle\n"=HYPERLINK(""x"")",+1').items
    assert (item["code"], item["fiche"]["libelle"]) == ('=HYPERLINK("x")', "+1")


# ── Anything at all

NAMES = st.sampled_from(["g.csv", "g.yaml", "", "g.txt", "../\0", "g.xlsx"])
PIECES = st.sampled_from(
    [
        *(b"code", b"libelle", b"famille", b"indicateurs", b"A", b",", b";", b"\t", b"\n", b"\r", b'"', b"'", b"- ", b": "),
        *(b"  ", b"[", b"]", b"{", b"}", b"&a", b"*a", b"!", b"!!str", b"|", b">", b"#", b"? ", b"<<", b"~", b"---\n"),
        *(b"%YAML 9.9\n", b"\xff", b"\xfe", b"\xc3\xa9", b"\0", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf"),
        *(b"\xef\xbf\xbf", b"\xed\xa0\x80"),
    ]
)
CONTENTS = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join), st.text(max_size=80).map(str.encode))


@given(content=CONTENTS, name=NAMES)
@example(content=b"[", name="g.yaml")
@example(content=b"code,libelle\nA,a", name="g.csv")
def test_any_bytes_are_a_grid_or_say_why_not(content: bytes, name: str) -> None:
    found = judged(content, name)
    number = len(gridfiles.lines(content))
    assert found.problems or found.items
    for problem in found.problems:
        assert 0 <= problem.line <= number
        assert problem.sentence.format(**problem.values)
    if not found.problems:
        assert all(holds(item) for item in found.items)
        codes = [item["code"] for item in found.items]
        assert len(set(codes)) == len(codes)


def holds(item: dict[str, Any]) -> bool:
    return bool(item["code"] and item["fiche"]["libelle"]) and set(item["fiche"]) <= set(sheet.BY_NAME)

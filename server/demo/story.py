"""The demonstration's story: a workshop under way, played gesture by gesture so that its journal is true.

The labs are real; the people, what they say and how they vote are invented, and marked so.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from server.database import Database
from server.demo import citizens, rewriting
from server.demo.signin import CAST, MOUNT, Persona, issuer
from server.settings import Settings
from workshops import agenda, comments, frameworks, indicators, labs, people, roles, schedule, sheet, votes, world
from workshops.agenda import Stage, Start, Workshop
from workshops.comments import Comment
from workshops.consensus import Choice
from workshops.people import Identity, Person, Role

CAMILLE, DOMINIQUE, ALIX, SACHA, MAXIME = CAST
ROLES = {CAMILLE: Role.FACILITATOR, DOMINIQUE: Role.PUBLISHER, MAXIME: Role.PUBLISHER}

TITLE = "Atelier de co-construction du référentiel (démonstration)"
PURPOSE = (
    "Choisir ensemble ce que les laboratoires d'innovation publique mesureront de leur activité, de leurs résultats "
    "et de leur impact, et l'écrire assez précisément pour que deux laboratoires comptent la même chose. "
    "Personnes, avis et votes sont inventés pour la démonstration."
)
SCHEDULE = "10 Accueil et règle du vote\n40 Propositions\n15 Pause\n45 Discussion\n25 Vote\n15 Résultats et suite"

# Who comes by the code: a role rather than a name, and a lab (none: an observer). The order is that of the ballots.
GUESTS: Mapping[str, tuple[str, str | None]] = {
    "projet": ("Chargée de projet (démonstration)", "lab-archipel"),
    "design": ("Designer de service (démonstration)", "siilab"),
    "rh": ("Conseiller RH (démonstration)", "fabrique-rh"),
    "evaluation": ("Évaluatrice (démonstration)", "lab-zero"),
    "territoire": ("Animatrice territoriale (démonstration)", "labase"),
    "formation": ("Formateur (démonstration)", "lab-o-occitanie"),
    "usagers": ("Référente usagers (démonstration)", "insolab-83"),
    "numerique": ("Cheffe de projet numérique (démonstration)", "etat-lin"),
    "sociologie": ("Sociologue (démonstration)", "erasme"),
    "documentation": ("Documentaliste (démonstration)", "lab-ah"),
    "observation": ("Observatrice (démonstration)", None),
}
VOTERS = (*(key for key, (_, lab) in GUESTS.items() if lab), "alix", "sacha")

STILL_IN_USE: sheet.Raw = {
    "libelle": "Part des solutions encore utilisées un an après la fin du projet",
    "libelle_court": "Solutions encore utilisées à un an",
    "famille": "resultats",
    "definition": (
        "Parmi les solutions livrées par les projets terminés depuis un an, part de celles qu'au moins un service "
        "utilise encore, sans l'appui du labo."
    ),
    "nature": "quantitatif",
    "question_evaluative": "Ce que produit le labo survit-il à la fin de l'accompagnement ?",
    "inclusions": "- une solution adaptée par le service, si sa fonction est la même\n- une procédure ou un document",
    "exclusions": "- une maquette ou un prototype dont l'abandon était prévu\n- une solution que le labo exploite lui-même",
    "unite": "%",
    "numerateur": "Solutions encore utilisées par au moins un service un an après la fin du projet",
    "denominateur": "Solutions livrées par les projets terminés depuis un an",
    "facteur": "100",
    "sens": "plus_haut_mieux",
    "population": "Solutions livrées à un service au terme d'un projet",
    "ventilations": "projet mené ou accompagné\nÉtat ou collectivité",
    "source_donnee": "appel ou courriel au service qui porte la solution",
    "methode_collecte": ["enquete"],
    "frequence": "Annuelle",
    "agregation": "moyenne_ponderee",
    "limites": "Une solution abandonnée a pu remplir son rôle. À lire avec les raisons de l'abandon, pas sans elles.",
    "cout_collecte": "moyen",
    "temps_collecte": "6",
    "responsable": "À désigner parmi les laboratoires volontaires",
}

INTERVENTION: sheet.Raw = {
    "definition": (
        "Compte des temps d'une demi-journée au moins, préparés par le labo à la demande d'un service et tenus devant "
        "lui ou avec lui : atelier, séance d'appui méthodologique, immersion restituée."
    ),
    "inclusions": "- une série de séances sur un même sujet compte pour autant d'interventions que de séances",
    "exclusions": (
        "- une conférence ou une table ronde (elle ne demande pas de travail au service)\n"
        "- une formation, déjà comptée en ACT-06\n"
        "- une réunion de suivi d'un projet, déjà compté en ACT-04"
    ),
    "indicateurs_lies": "ACT-04\nACT-06",
}

INVOLVED: sheet.Raw = {
    "definition": (
        "Nombre d'agents publics distincts qui, dans l'année civile, ont **apporté quelque chose** à un projet du "
        "labo : un temps de travail en atelier, un entretien, un test, une décision. Une personne compte une fois, "
        "quel que soit le nombre de ses participations."
    ),
    "question_evaluative": "Combien d'agents ont contribué aux projets du labo, au-delà de l'équipe du labo ?",
    "inclusions": (
        "- les agents des trois fonctions publiques et les contractuels\n"
        "- une seule participation, si la personne y a contribué"
    ),
    "exclusions": (
        "- l'équipe du labo\n"
        "- le public d'une conférence, les personnes inscrites qui ne sont pas venues\n"
        "- les participants aux formations, comptés en ACT-06"
    ),
    "sens": "neutre",
    "population": "Agents publics extérieurs à l'équipe du labo",
    "ventilations": "une seule participation ou plusieurs\nversant de la fonction publique",
    "source_donnee": "feuilles d'émargement\nlistes des personnes interrogées",
    "methode_collecte": ["comptage"],
    "frequence": "Annuelle",
    "agregation": "somme",
    "limites": (
        "Pousse à multiplier les ateliers très ouverts. Une liste nominative est nécessaire pour ne pas compter deux "
        "fois la même personne : ne garder que le total."
    ),
    "cout_collecte": "moyen",
    "temps_collecte": "10",
    "responsable": "À désigner parmi les laboratoires volontaires",
    "indicateurs_lies": "ACT-02\nACT-06",
}

# What is said: (who, indicator, field, text). The second one is then answered, the last one hidden.
SAID = (
    (
        "evaluation",
        "ACT-02",
        "population",
        "Où s'arrête l'usager, où commence le citoyen ? La personne qui teste un formulaire est l'un et l'autre. Je "
        "propose : usager quand on l'invite pour le service qu'il utilise, citoyen quand on l'invite pour son avis.",
    ),
    (
        "projet",
        "ACT-01",
        "definition",
        "Une présence suffit-elle pour être « engagé » ? Venir écouter une restitution et tenir un atelier de deux "
        "jours ne se valent pas. Il faut dire aussi si l'on compte des personnes ou des participations.",
    ),
    (
        "design",
        "ACT-05",
        "definition",
        "Rien ne dit ce qu'est une intervention. Une conférence d'une heure et un appui de six mois comptent "
        "aujourd'hui pareil ; le total ne voudra rien dire.",
    ),
    (
        "usagers",
        "IMP-08",
        "methode_collecte",
        "Si chaque labo pose sa propre question, rien ne se compare. Une question commune, la même échelle, et le "
        "nombre de répondants à côté du résultat.",
    ),
    (
        "territoire",
        "IMP-09",
        "definition",
        "Capacité d'être repris, ou reprise constatée ? Je ne sais pas observer une capacité. Une reprise se prouve : "
        "un service, une date, ce qui a été repris.",
    ),
    (
        "numerique",
        "RES-01",
        "unite",
        "Des semaines de travail, soit, mais estimées par qui ? Demander la méthode de calcul avec le chiffre, et "
        "accepter un ordre de grandeur plutôt qu'un nombre faussement exact.",
    ),
    (
        "sociologie",
        "RES-04",
        "limites",
        "Une solution peut rester en place sans que personne ne la trouve utile. Ajouter une question au service : "
        "« la choisiriez-vous de nouveau ? »",
    ),
    (
        "formation",
        "ACT-07",
        "definition",
        "De toute façon, la collègue qui a rédigé ce texte n'a jamais rien publié.",
    ),
)
ANSWER = (
    "rh",
    "Je garderais la contribution comme seuil, même une seule fois, et des personnes distinctes. La répétition "
    "m'intéresse aussi, mais comme ventilation : une seule participation, ou plusieurs.",
)
HIDDEN_BECAUSE = "L'avis vise une personne et non le texte. Merci de dire ce qui manque à la définition."

LETTERS = {"k": Choice.KEEP, "r": Choice.REWORK, "d": Choice.DROP, "a": Choice.ABSTAIN}
# One letter a voter, a dot for nobody; then why, for each r and d in turn.
BALLOTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ACT-01": (
        "rkrrkr.krakr",
        (
            "« Engagé » n'est pas défini : une présence passive compterait.",
            "Dire si l'on compte des personnes ou des participations.",
            "Deux labos ne compteraient pas la même chose.",
            "Préciser que l'équipe du labo ne se compte pas elle-même.",
            "« Engagé » et « impliqué » : deux mots, une seule chose à compter.",
            "Sans règle pour les doublons, le total national sera faux.",
        ),
    ),
    "ACT-04": (
        "kkkrkkk.kkkk",
        ("Séparer menés et accompagnés : un conseil d'une heure n'est pas un projet d'un an.",),
    ),
    "ACT-05": ("kkrk.kkakrkk", ("Les interventions à distance comptent-elles ?", "Une demi-journée, c'est long.")),
    "ACT-07": (
        "dkddr.dkdrad",
        (
            "Le nombre ne dit rien de l'utilité, et pousse à publier pour publier.",
            "RES-03 mesure déjà mieux la même chose.",
            "Un billet de blog et un guide de cent pages comptent pareil.",
            "À garder seulement si l'on dit ce qu'est une publication.",
            "Facile à compter, mais personne ne s'en servira.",
            "Un indicateur de volume de moins, c'est du temps gagné.",
            "Compter plutôt les réutilisations.",
            "Redondant avec RES-03.",
        ),
    ),
    "RES-01": (
        "krkrkr.rkra.",
        (
            "Demander la méthode d'estimation avec le chiffre.",
            "Le temps gagné par les uns est parfois reporté sur d'autres.",
            "Préciser sur quelle durée le gain est constaté.",
            "Sans point de départ mesuré, le gain est invérifiable.",
            "Une unité unique ne convient pas à tous les projets.",
        ),
    ),
    "RES-04": (
        "kkkkkakkrkkk",
        ("Ajouter ce que le service pense de la solution, pas seulement s'il s'en sert.",),
    ),
    "IMP-01": ("kr.kdakrkr..", (
        "Dire quelles preuves sont admises.",
        "Trop large pour être comparé d'un labo à l'autre.",
        "Le travail de qui, et constaté par qui ?",
        "Demander au moins deux sources qui concordent.",
    )),
    "IMP-08": ("kkkr.kkkka.k", ("Une question commune à tous les labos, sinon rien ne se compare.",)),
}  # fmt: skip
# After the new wording of ACT-01, these people look again; the others' votes stay on the former text.
LOOK_AGAIN = {"projet": "k", "design": "k", "evaluation": "k", "numerique": "k", "sociologie": "a"}

Found = TypeVar("Found")


async def tell(database: Database, settings: Settings) -> Workshop:
    """Enter the labs, the cast and, unless it is already there, the workshop. Telling it again changes nothing."""
    async with database.transaction() as session:
        await labs.enter(session, labs.found())
        personas = await cast(session, settings)
    async with database.reading() as session:
        told = await session.scalar(select(Workshop).where(col(Workshop.title) == TITLE).order_by(col(Workshop.id)))
    return told or await Story(database, personas).play()


async def cast(session: AsyncSession, settings: Settings) -> dict[Persona, Person]:
    """The five personas, with their roles; whoever is missing enters."""
    found = {persona: await _persona(session, persona, issuer(settings)) for persona in CAST}
    for persona, role in ROLES.items():
        await roles.grant(session, found[persona], role, by=None)
    for person in found.values():
        await people.accept_terms(session, person, people.TERMS)
    return found


async def _persona(session: AsyncSession, persona: Persona, iss: str) -> Person:
    # The demonstration's provider takes the site's address: when that moves, its people stay who they are.
    known = await session.scalars(
        select(Identity).where(col(Identity.sub) == persona.sub, col(Identity.iss).endswith(MOUNT))
    )
    identities = {identity.iss: identity for identity in known}
    if identities and iss not in identities:
        next(iter(identities.values())).iss = iss
        await session.flush()
    return await people.recognise(
        session, iss=iss, sub=persona.sub, name=persona.name, email=persona.email, lab_slug=persona.lab_slug
    )


class Story:
    """The workshop, from its opening to the middle of the vote."""

    def __init__(self, database: Database, cast: Mapping[Persona, Person]) -> None:
        self.database = database
        self.camille, self.dominique = cast[CAMILLE], cast[DOMINIQUE]
        self.people = {"alix": cast[ALIX], "sacha": cast[SACHA]}
        self.workshop_id = ""
        self.ids: dict[str, str] = {}

    async def play(self) -> Workshop:
        await self._open()
        await self._do(schedule.write, self.workshop_id, SCHEDULE, base=0, by=self.camille)
        await self._gather()
        await self._move(Stage.PROPOSING)
        await self._propose()
        await self._move(Stage.DISCUSSING)
        await self._discuss()
        await self._reword("ACT-05", INTERVENTION, by="design")
        await self._move(Stage.VOTING)
        await self._vote()
        await self._reword("ACT-01", INVOLVED, by="sacha")
        await self._look_again()
        await rewriting.play(self._do, self.people, self.ids, camille=self.camille)
        alix, sacha = self.people["alix"], self.people["sacha"]
        await citizens.play(self._do, self.ids["IMP-08"], alix=alix, sacha=sacha, dominique=self.dominique)
        async with self.database.reading() as session:
            return await agenda.get(session, self.workshop_id)

    async def _do(self, verb: Callable[..., Awaitable[Found]], *given: Any, **named: Any) -> Found:
        """One gesture, in its own transaction."""
        async with self.database.transaction() as session:
            return await verb(session, *given, **named)

    async def _open(self) -> None:
        async with self.database.transaction() as session:
            workshop = await agenda.convene(
                session,
                title=TITLE,
                purpose=PURPOSE,
                held_on=world.now().date(),
                prepares=frameworks.FIRST,
                start=Start.COMMITMENT,
                by=self.camille,
            )
            await frameworks.lay_table(session, workshop, by=self.camille)
            self.ids = {card.indicator.code: card.id for card in await indicators.cards(session, workshop.id)}
        self.workshop_id = workshop.id

    async def _gather(self) -> None:
        for key, (name, lab) in GUESTS.items():
            self.people[key] = await self._do(people.welcome, name)
            await self._do(agenda.join, self.workshop_id, name=name, lab=lab, by=self.people[key])
        for key, persona in (("alix", ALIX), ("sacha", SACHA)):
            await self._do(agenda.join, self.workshop_id, name=persona.name, lab=persona.lab_slug, by=self.people[key])

    async def _move(self, stage: Stage) -> None:
        await self._do(agenda.move, self.workshop_id, stage, by=self.camille)

    async def _propose(self) -> None:
        proposed = await self._do(
            indicators.propose, self.workshop_id, sheet.read(STILL_IN_USE), by=self.people["alix"]
        )
        # The code that RES-04 goes by in this story may be higher where labs have proposed others before.
        self.ids["RES-04"] = proposed.id

    async def _discuss(self) -> None:
        said = [await self._say(*what) for what in SAID]
        who, text = ANSWER
        head = said[1]
        await self._do(
            comments.post, head.indicator_id, field=head.field, text=text, answers=head.id, by=self.people[who]
        )
        await self._do(comments.hide, said[-1].id, because=HIDDEN_BECAUSE, by=self.camille)

    async def _say(self, who: str, code: str, field: str, text: str) -> Comment:
        return await self._do(comments.post, self.ids[code], field=field, text=text, by=self.people[who])

    async def _reword(self, code: str, written: sheet.Raw, *, by: str) -> None:
        async with self.database.reading() as session:
            card = await indicators.card(session, self.ids[code])
        text = sheet.read({**sheet.write(card.sheet), **written})
        await self._do(indicators.reword, card.id, text, base=card.wording.number, by=self.people[by])

    async def _vote(self) -> None:
        why = {code: iter(reasons) for code, (_, reasons) in BALLOTS.items()}
        reasons = {
            (code, voter): next(why[code])
            for code, (letters, _) in BALLOTS.items()
            for voter, letter in zip(VOTERS, letters, strict=True)
            if letter in "rd"
        }
        for index, voter in enumerate(VOTERS):
            for code, (letters, _) in BALLOTS.items():
                if letters[index] != ".":
                    await self._cast(voter, code, letters[index], reasons.get((code, voter), ""))

    async def _cast(self, voter: str, code: str, letter: str, reason: str = "") -> None:
        async with self.database.reading() as session:
            wording = (await indicators.get(session, self.ids[code])).wording
        await self._do(
            votes.cast,
            self.ids[code],
            wording=wording,
            choice=LETTERS[letter],
            reason=reason,
            by=self.people[voter],
        )

    async def _look_again(self) -> None:
        for voter, letter in LOOK_AGAIN.items():
            await self._cast(voter, "ACT-01", letter)

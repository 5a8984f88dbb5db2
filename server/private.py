"""Private: the columns of the database that no dataset publishes, each with the reason."""

from collections.abc import Mapping

PERSON = "une personne : le registre public dit qui a fait le geste, par un identifiant sans nom"
ACCOUNT = "le compte d'une personne"
SECRET = "de quoi entrer, ou se faire passer pour quelqu'un"  # noqa: S105
TECHNICAL = "la marche du serveur ; rien qui parle des indicateurs"
SESSION = "la conduite d'une séance : montrée en salle et au registre, sans valeur une fois l'atelier passé"
WITNESS = "ce qui ferait reconnaître qui témoigne, ou ouvrirait son témoignage"
BALLOT = "le vote d'une personne : seuls paraissent des bulletins sous pseudonymes, à la clôture"

# "table.column", or "table.*" for all of them.
PRIVATE: Mapping[str, str] = {
    # Who people are, and how they come in
    "person.*": ACCOUNT,
    "identity.*": ACCOUNT,
    "membership.*": "l'adhésion d'une personne : le registre de la plateforme dit ce qui est public",
    "granting.*": "le rôle d'une personne : le registre de la plateforme dit ce qui est public",
    "attachment.*": "que quelqu'un était tel invité : cela ne regarde que cette personne",
    "invitation.*": SECRET,
    "session.*": SECRET,
    "signinattempt.*": SECRET,
    "signinlink.*": SECRET,
    "maillink.*": SECRET,
    "member.id": PERSON,
    "member.person_id": PERSON,
    "member.name": "le prénom d'une personne : lu dans l'atelier, jamais repris dans les données",
    "member.role": PERSON,
    "member.joined_at": PERSON,
    "member.door": SECRET,
    "member.on_paper": "qu'une personne vote sans appareil",
    "note.*": "les notes que quelqu'un écrit pour soi",
    # How the server works
    "attendance.*": TECHNICAL,
    "receipt.*": TECHNICAL,
    "tries.*": TECHNICAL,
    "register.*": TECHNICAL,
    "codecounter.*": TECHNICAL,
    "schedule.*": SESSION,
    "timer.*": SESSION,
    "extension.*": SESSION,
    "stop.*": SESSION,
    # What a workshop keeps for itself
    "workshop.code": SECRET,
    "workshop.salt": "la clé des pseudonymes : avec elle, on lierait les bulletins à leurs auteurs",
    "vote.indicator_id": BALLOT,
    "vote.person_id": BALLOT,
    "vote.lab_slug": BALLOT,
    "vote.reason": "un motif de vote : il paraît, avec son laboratoire, parmi les réserves d'une version",
    "vote.at": BALLOT,
    "vote.gesture": BALLOT,
    "vote.entered_by_id": BALLOT,
    "vote.taken_back_at": BALLOT,
    "stance.*": "la position d'une personne : une version dit combien consentent ou s'abstiennent",
    "judgement.*": "la mention qu'une personne donne à un texte : le départage dit lequel est préféré",
    # Who did what: the minutes say it, by an id without a name
    "indicator.author_id": PERSON,
    "wording.by_id": PERSON,
    "departure.by_id": PERSON,
    "comment.by_id": PERSON,
    "hiding.by_id": PERSON,
    "conclusion.by_id": PERSON,
    "amendment.by_id": PERSON,
    "ending.by_id": PERSON,
    "contest.by_id": PERSON,
    "contest.ended_by_id": PERSON,
    "objection.by_id": PERSON,
    "lifting.by_id": PERSON,
    "reply.by_id": PERSON,
    "abandonment.by_id": PERSON,
    "review.by_id": PERSON,
    "review.name": "le nom dont une personne a signé : lu sur la page, jamais repris dans les données",
    "review.sending": TECHNICAL,
    "reviewreply.by_id": PERSON,
    "reviewhiding.by_id": PERSON,
    "credit.*": "l'accord d'une personne à être nommée, qu'elle peut retirer : seules les pages le lisent",
    # What citizens tell, and who reads it first
    "testimonial.key_hash": SECRET,
    "testimonial.at": WITNESS,
    "testimonial.told_at": WITNESS,
    "testimonial.revision": TECHNICAL,
    "contact.*": "l'adresse, chiffrée, de qui veut bien qu'on lui écrive ; effacée après la réponse",
    "opening.*": TECHNICAL,
    "appeal.*": "ce qu'un auteur écrit à la modération",
    "decision.note": "ce que la modération écrit à l'auteur",
    "decision.revision": TECHNICAL,
    "decision.by_id": PERSON,
    "masking.by_id": PERSON,
    "labanswer.by_id": PERSON,
    "project.by_id": PERSON,
    "touchpoint.by_id": PERSON,
    "retirement.by_id": PERSON,
    "citation.*": "ce qui est cité se lit dans /ateliers/{id}.json et dans chaque version ; le motif s'efface avec le témoignage",
    # Versions in the making
    "release.id": "l'identifiant interne d'une préparation, que l'on ne voit pas tant qu'elle n'est pas soumise à relecture",
    "abandonment.replaced_by": "une préparation qui n'a peut-être pas été soumise à relecture",
    "releaseworkshop.*": "le document d'une candidate dit de quels ateliers elle vient",
    "correction.*": "une correction en préparation : la version qui la contient en dit le motif et les champs",
    "framework.release_id": "l'identifiant interne de la préparation dont elle vient",
    # Told by a column of another table
    "abandonment.release_id": "le numéro de la candidate est dans la même ligne",
    "review.release_id": "le numéro de la candidate est dans la même ligne",
    "reviewreply.review_id": "le même que l'identifiant de la relecture, dans la même ligne",
    "ending.amendment_id": "le même que l'identifiant de l'amendement, dans la même ligne",
    "lifting.objection_id": "le même que l'identifiant de l'objection, dans la même ligne",
}

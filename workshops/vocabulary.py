"""The vocabulary of the sheet: the words its fields may take."""

from workshops.words import N_, Word


class Family(Word):
    ACTIVITY = "activite", N_("Activité")
    RESULTS = "resultats", N_("Résultats")
    IMPACT = "impact", N_("Impact")


PREFIXES = {Family.ACTIVITY: "ACT", Family.RESULTS: "RES", Family.IMPACT: "IMP"}


class Nature(Word):
    QUANTITATIVE = "quantitatif", N_("Quantitatif")
    QUALITATIVE = "qualitatif", N_("Qualitatif")
    MIXED = "mixte", N_("Mixte")


class Direction(Word):
    UP = "plus_haut_mieux", N_("Plus c'est haut, mieux c'est")
    DOWN = "plus_bas_mieux", N_("Plus c'est bas, mieux c'est")
    NEUTRAL = "neutre", N_("Ni l'un ni l'autre")


class Factor(Word):
    ONE = "1", N_("1 (tel quel)")
    HUNDRED = "100", N_("100 (pour cent)")
    THOUSAND = "1000", N_("1 000 (pour mille)")


class Method(Word):
    COUNT = "comptage", N_("Comptage")
    STATEMENT = "declaratif", N_("Déclaratif")
    SURVEY = "enquete", N_("Enquête")
    TESTIMONIAL = "temoignage", N_("Témoignage")
    COMPUTATION = "calcul", N_("Calcul")
    DOCUMENT = "document", N_("Document")


class Aggregation(Word):
    SUM = "somme", N_("Somme")
    WEIGHTED_MEAN = "moyenne_ponderee", N_("Moyenne pondérée")
    MEDIAN = "mediane", N_("Médiane")
    NONE = "aucune", N_("Aucune : les labos ne s'additionnent pas")


class Evidence(Word):
    TESTIMONIAL = "temoignage", N_("Témoignage")
    SURVEY = "enquete", N_("Enquête")
    POLL = "sondage", N_("Sondage")
    DOCUMENT = "document", N_("Document")
    OBSERVATION = "observation", N_("Observation")


class Cost(Word):
    LOW = "faible", N_("Faible")
    MEDIUM = "moyen", N_("Moyen")
    HIGH = "eleve", N_("Élevé")


class Frequency(Word):
    """The values of SCDL Catalogue's FREQ_MAJ; the code is the published value."""

    UNKNOWN = "Inconnue", N_("Inconnue")
    ONCE = "Ponctuelle", N_("Ponctuelle")
    IRREGULAR = "Irrégulière", N_("Irrégulière")
    CONTINUOUS = "Continuelle", N_("Continuelle")
    HOURLY = "Toutes les heures", N_("Toutes les heures")
    DAILY = "Quotidienne ou plusieurs fois par jour", N_("Quotidienne ou plusieurs fois par jour")
    WEEKLY = "Hebdomadaire ou plusieurs fois par semaine", N_("Hebdomadaire ou plusieurs fois par semaine")
    MONTHLY = "Mensuelle ou plusieurs fois par mois", N_("Mensuelle ou plusieurs fois par mois")
    BIMONTHLY = "Bimestrielle", N_("Bimestrielle")
    QUARTERLY = "Trimestrielle", N_("Trimestrielle")
    HALF_YEARLY = "Semestrielle", N_("Semestrielle")
    YEARLY = "Annuelle", N_("Annuelle")
    BIENNIAL = "Biennale", N_("Biennale")
    TRIENNIAL = "Triennale", N_("Triennale")
    FIVE_YEARLY = "Quinquennale", N_("Quinquennale")

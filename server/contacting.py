"""Contacting: the letter by which a lab writes to somebody whose address it never sees."""

from server.i18n import gettext as _
from server.mail import Letter
from server.settings import Settings
from workshops.labs import Lab


def letter(settings: Settings, address: str, lab: Lab, text: str) -> Letter:
    """The words of a lab, between ours. Nothing in it opens the testimonial: letters are read by others, and forwarded."""
    said = {"lab": lab.name}
    return Letter(
        to=address,
        subject=_("Un laboratoire vous répond, au sujet de votre témoignage"),
        before=(
            _("Bonjour,"),
            _(
                "Vous avez dit sur Grille commune comment ça s'est passé avec un laboratoire public, %(lab)s, et accepté "
                "qu'il vous écrive. Voici son message, mot pour mot :"
            )
            % said,
            f"« {text} »",
            f"— {lab.name}",
        ),
        address=f"{settings.public_url}/laboratoires/{lab.slug}",
        action=_("La page de ce laboratoire"),
        after=(
            _(
                "Le laboratoire ne voit pas votre adresse : ce message passe par Grille commune. Elle est conservée "
                "chiffrée, à part de votre témoignage, et sera bientôt effacée."
            ),
            _(
                "Personne ne lit les réponses à ce courriel : pour répondre, servez-vous de ce que le laboratoire indique "
                "dans son message."
            ),
        ),
    )

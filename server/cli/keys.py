"""Commands about keys: a fresh one, to sign versions or to seal addresses."""

import json

from server import sealing, signing
from server.cli.desk import OK, Arguments

CONTACT = "contact"


def fresh(given: Arguments) -> int:
    """Drawn here and shown once: it is kept nowhere."""
    if given.kind == CONTACT:
        return _to_seal()
    key = signing.new_key()
    (public,) = signing.public_set([key])["keys"]
    print("Pour le serveur seul, dans son environnement ou son fichier .env :")
    print(f"SIGNING_KEY='{json.dumps(key.as_dict(private=True))}'")
    print("Publique, telle que /.well-known/jwks.json la donnera :")
    print(json.dumps(public))
    return OK


def _to_seal() -> int:
    """A key that seals the addresses that citizens leave: it has no public part."""
    print("Pour le serveur seul, dans son environnement ou son fichier .env, devant celles qui y sont déjà :")
    print(f"CONTACT_KEYS='{sealing.new_key()}'")
    return OK

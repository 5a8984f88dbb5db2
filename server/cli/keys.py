"""Commands about keys: a fresh one, to sign versions."""

import json

from server import signing
from server.cli.desk import OK, Arguments


def fresh(given: Arguments) -> int:
    """Drawn here and shown once: it is kept nowhere."""
    key = signing.new_key()
    (public,) = signing.public_set([key])["keys"]
    print("Pour le serveur seul, dans son environnement ou son fichier .env :")
    print(f"SIGNING_KEY='{json.dumps(key.as_dict(private=True))}'")
    print("Publique, telle que /.well-known/jwks.json la donnera :")
    print(json.dumps(public))
    return OK

"""The page of public keys: what signs versions, without what signs them."""

import json
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette

from server import signing
from server.settings import Settings
from tests.cast import Browsers

ADDRESS = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Keys:
    now: signing.Key
    before: signing.Key


@pytest.fixture
def keys() -> Keys:
    return Keys(signing.new_key(), signing.new_key())


@pytest.fixture
def settings(settings: Settings, keys: Keys) -> Settings:
    return settings.model_copy(
        update={
            "signing_key": json.dumps(keys.now.as_dict(private=True)),
            "signing_keys_retired": json.dumps(signing.public_set([keys.before, keys.now])),
        }
    )


async def test_anyone_reads_the_keys_that_sign_and_that_signed(client: Browsers, keys: Keys) -> None:
    answer = await client().get(ADDRESS)
    assert answer.status_code == 200
    assert answer.json() == {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": key["x"], "kid": key.thumbprint(), "use": "sig"}
            for key in (keys.now, keys.before)
        ]
    }
    assert {
        name: answer.headers[name] for name in ("content-type", "cache-control", "access-control-allow-origin")
    } == {
        "content-type": "application/jwk-set+json",
        "cache-control": "public, max-age=300",
        "access-control-allow-origin": "*",
    }


async def test_nothing_private_is_on_any_page_of_it(client: Browsers, keys: Keys) -> None:
    secret = keys.now.as_dict(private=True)["d"]
    assert len(str(secret)) == 43
    assert str(secret) not in (await client().get(ADDRESS)).text


@pytest.mark.parametrize("retired", [True, False])
async def test_without_a_key_the_page_says_that_nothing_is_signed(
    app: Starlette, client: Browsers, settings: Settings, keys: Keys, retired: bool
) -> None:
    app.state.settings = settings.model_copy(
        update={"signing_key": "", "signing_keys_retired": settings.signing_keys_retired if retired else ""}
    )
    answer = await client().get(ADDRESS)
    assert answer.status_code == (200 if retired else 404)
    if retired:
        assert [key["kid"] for key in answer.json()["keys"]] == [keys.before.thumbprint(), keys.now.thumbprint()]
    else:
        assert "Ce site ne signe pas ses versions" in answer.text
        spoken = await client().get(ADDRESS, headers={"Accept": "application/json"})
        assert spoken.json()["refus"] == "introuvable"

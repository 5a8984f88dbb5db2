"""The demonstration's provider: it is as strict as the real one."""

import html
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.routing import Mount

from server.demo.signin import CAST, CLIENT_SECRET, MOUNT, demo_provider, issuer, provider
from server.settings import Settings
from workshops import world

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ISSUER = "http://testserver/demo/connexion"
STATE, NONCE, VERIFIER = "s" * 43, "n" * 43, "v" * 43
ASKED = {
    "response_type": "code",
    "client_id": "demo",
    "redirect_uri": "http://testserver/connexion/retour",
    "scope": "openid given_name usual_name email siret",
    "state": STATE,
    "nonce": NONCE,
}
EXCHANGE = {
    "grant_type": "authorization_code",
    "client_id": "demo",
    "client_secret": CLIENT_SECRET,
    "redirect_uri": "http://testserver/connexion/retour",
}
PKCE = {"code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256"}
FAREWELL = "http://testserver/deconnexion/retour"
Changes = Mapping[str, str | None]


def level(*accepted: str) -> str:
    """How one insists on a level of assurance."""
    return json.dumps({"id_token": {"acr": {"essential": True, "values": accepted}}})


@pytest.fixture(autouse=True)
def at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch)


def later(monkeypatch: pytest.MonkeyPatch, seconds: int = 0) -> None:
    monkeypatch.setattr(world, "now", lambda: NINE + timedelta(seconds=seconds))


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, demo=True, public_url="http://testserver", **given)


def client(settings: Settings) -> httpx2.AsyncClient:
    app = Starlette(routes=[Mount(MOUNT, provider(settings))])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ISSUER + "/")


@pytest.fixture
async def demo() -> AsyncIterator[httpx2.AsyncClient]:
    async with client(settings()) as demo:
        yield demo


def changed(asked: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """What would be asked, changed; `None` leaves it out."""
    return {name: value for name, value in {**asked, **changes}.items() if value is not None}


def answer(response: httpx2.Response) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


def refusal(response: httpx2.Response) -> tuple[int, str, str]:
    said = response.json()
    return response.status_code, said["error"], said["error_description"]


async def code(demo: httpx2.AsyncClient, **more: str) -> str:
    response = await demo.post("autoriser", params={**ASKED, **more}, data={"sub": "demo-alix"})
    return answer(response)["code"]


async def tokens(demo: httpx2.AsyncClient) -> dict[str, Any]:
    given: dict[str, Any] = (await demo.post("jeton", data={**EXCHANGE, "code": await code(demo)})).json()
    return given


async def claims(demo: httpx2.AsyncClient, token: str) -> dict[str, Any]:
    """What a token says, checked with the published keys."""
    published = KeySet.import_key_set((await demo.get("cles")).json())
    return jwt.decode(token, published, ["RS256"]).claims


# ── What it publishes


async def test_it_says_where_things_are(demo: httpx2.AsyncClient) -> None:
    found = (await demo.get(".well-known/openid-configuration")).json()
    assert {name: value for name, value in found.items() if isinstance(value, str)} == {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/autoriser",
        "token_endpoint": f"{ISSUER}/jeton",
        "userinfo_endpoint": f"{ISSUER}/profil",
        "jwks_uri": f"{ISSUER}/cles",
        "end_session_endpoint": f"{ISSUER}/fin",
    }
    assert found["token_endpoint_auth_methods_supported"] == ["client_secret_post"]


async def test_the_private_half_of_its_key_stays(demo: httpx2.AsyncClient) -> None:
    (key,) = (await demo.get("cles")).json()["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use"}


async def test_both_sides_agree() -> None:
    app, seen = demo_provider(settings())
    assert (seen.issuer, issuer(settings()), app.state.desk.issuer) == (ISSUER, ISSUER, ISSUER)
    assert len(seen.client_secret) == 43


# ── Choosing


async def test_one_chooses_in_the_cast(demo: httpx2.AsyncClient) -> None:
    page = await demo.get("autoriser", params=ASKED)
    offered = re.findall(r'name="sub" value="([^"]*)">([^<]*)<', page.text)
    assert [(sub, html.unescape(label)) for sub, label in offered] == [
        ("demo-camille", "Camille Arnaud, animation (démonstration)"),
        ("demo-dominique", "Dominique Bertin, édition DITP (démonstration)"),
        ("demo-alix", "Alix Morvan, membre du Ti Lab (démonstration)"),
        ("demo-sacha", "Sacha Delmas, membre du SIILAB (démonstration)"),
        ("demo-maxime", "Maxime Collin, édition DITP, seconde personne (démonstration)"),
        ("", "Annuler"),
    ]
    assert f'action="{html.escape("/demo/connexion/autoriser?" + urlencode(ASKED))}"' in page.text


async def test_a_choice_goes_back_with_a_code(demo: httpx2.AsyncClient) -> None:
    response = await demo.post("autoriser", params=ASKED, data={"sub": "demo-alix"})
    assert response.status_code == 303
    assert urlsplit(response.headers["location"]).path == "/connexion/retour"
    back = answer(response)
    assert len(back.pop("code")) == 43
    assert back == {"state": STATE, "iss": ISSUER}


async def test_nobody_is_a_choice_too(demo: httpx2.AsyncClient) -> None:
    response = await demo.post("autoriser", params=ASKED, data={"sub": ""})
    assert answer(response) == {
        "error": "access_denied",
        "error_description": "User cancelled",
        "state": STATE,
        "iss": ISSUER,
    }


@pytest.mark.parametrize("form", [{"sub": "demo-personne"}, {}])
async def test_one_is_someone_of_the_cast(demo: httpx2.AsyncClient, form: dict[str, str]) -> None:
    response = await demo.post("autoriser", params=ASKED, data=form)
    assert refusal(response) == (400, "invalid_request", "nobody of that name in the cast")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"state": "s" * 31}, "invalid_request", "state is shorter than 32 characters"),
        ({"nonce": "n" * 31}, "invalid_request", "nonce is shorter than 32 characters"),
        ({"state": None, "nonce": None}, "invalid_request", "missing parameter: nonce, state"),
        ({"kc_locale": "fr"}, "invalid_request", "unknown parameter: kc_locale"),
        ({"client_id": "autre"}, "invalid_client", "client_id is unknown"),
        ({"redirect_uri": "https://ailleurs.example"}, "invalid_request", "redirect_uri is not the one registered"),
        ({"response_type": "token"}, "unsupported_response_type", "response_type is not code"),
        ({"scope": "email"}, "invalid_scope", "scope lacks openid"),
        ({"acr_values": "eidas2"}, "invalid_request", "unknown parameter: acr_values"),
        ({"claims": "eidas2"}, "invalid_request", "claims is not understood"),
        ({"claims": "null"}, "invalid_request", "claims is not understood"),
        ({"claims": level()}, "invalid_request", "claims is not understood"),
        ({"code_challenge": "c" * 43}, "invalid_request", "PKCE wants S256"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "plain"}, "invalid_request", "PKCE wants S256"),
    ],
)
async def test_it_refuses_what_proconnect_refuses(
    demo: httpx2.AsyncClient, method: str, changes: Changes, error: str, why: str
) -> None:
    response = await demo.request(method, "autoriser", params=changed(ASKED, changes))
    assert refusal(response) == (400, error, why)


async def test_it_refuses_a_parameter_given_twice(demo: httpx2.AsyncClient) -> None:
    response = await demo.get("autoriser", params=[*ASKED.items(), ("state", STATE)])
    assert refusal(response) == (400, "invalid_request", "a parameter is given twice")


async def test_thirty_two_characters_are_enough(demo: httpx2.AsyncClient) -> None:
    response = await demo.get("autoriser", params={**ASKED, "state": "s" * 32, "nonce": "n" * 32})
    assert response.status_code == 200


# ── Codes and tokens


async def test_a_code_gives_tokens_for_a_minute(demo: httpx2.AsyncClient) -> None:
    given = await tokens(demo)
    assert (given["token_type"], given["expires_in"], len(given["access_token"])) == ("Bearer", 60, 43)
    assert await claims(demo, given["id_token"]) == {
        "iss": ISSUER,
        "aud": "demo",
        "sub": "demo-alix",
        "nonce": NONCE,
        "iat": int(NINE.timestamp()),
        "exp": int(NINE.timestamp()) + 60,
    }


async def test_everyone_has_the_second_factor_that_is_asked(demo: httpx2.AsyncClient) -> None:
    asked = await code(demo, claims=level("eidas2", "eidas3"))
    given = (await demo.post("jeton", data={**EXCHANGE, "code": asked})).json()
    assert (await claims(demo, given["id_token"]))["acr"] == "eidas2"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "autre"}, (401, "invalid_client", "client_id or client_secret is wrong")),
        ({"client_id": "autre"}, (401, "invalid_client", "client_id or client_secret is wrong")),
        ({"client_secret": None}, (401, "invalid_client", "client_id or client_secret is wrong")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", "only codes are exchanged")),
        ({"redirect_uri": "https://ailleurs"}, (400, "invalid_grant", "redirect_uri is not the one registered")),
        ({"code": "x" * 43}, (400, "invalid_grant", "unknown, already used, or expired")),
        ({"code": None}, (400, "invalid_grant", "unknown, already used, or expired")),
        ({"code_verifier": VERIFIER}, (400, "invalid_grant", "code_verifier does not match")),
    ],
)
async def test_it_refuses_a_wrong_exchange(
    demo: httpx2.AsyncClient, changes: Changes, expected: tuple[int, str, str]
) -> None:
    exchange = changed({**EXCHANGE, "code": await code(demo)}, changes)
    assert refusal(await demo.post("jeton", data=exchange)) == expected


async def test_a_code_serves_once(demo: httpx2.AsyncClient) -> None:
    exchange = {**EXCHANGE, "code": await code(demo)}
    assert (await demo.post("jeton", data=exchange)).status_code == 200
    assert refusal(await demo.post("jeton", data=exchange))[:2] == (400, "invalid_grant")


async def test_a_code_lives_a_minute(demo: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = {**EXCHANGE, "code": await code(demo)}
    later(monkeypatch, seconds=60)
    assert refusal(await demo.post("jeton", data=exchange))[:2] == (400, "invalid_grant")


@pytest.mark.parametrize(("verifier", "status"), [(VERIFIER, 200), ("w" * 43, 400), (None, 400)])
async def test_a_challenge_wants_its_verifier(demo: httpx2.AsyncClient, verifier: str | None, status: int) -> None:
    exchange = changed({**EXCHANGE, "code": await code(demo, **PKCE)}, {"code_verifier": verifier})
    assert (await demo.post("jeton", data=exchange)).status_code == status


# ── The profile


async def test_the_profile_is_a_signed_token(demo: httpx2.AsyncClient) -> None:
    access_token = (await tokens(demo))["access_token"]
    response = await demo.get("profil", headers={"Authorization": f"Bearer {access_token}"})
    assert response.headers["content-type"] == "application/jwt"
    assert await claims(demo, response.text) == {
        "iss": ISSUER,
        "aud": "demo",
        "sub": "demo-alix",
        "given_name": "Alix",
        "usual_name": "Morvan",
        "email": "alix.morvan@demo.example",
        "lab_slug": "ti-lab",
        "iat": int(NINE.timestamp()),
        "exp": int(NINE.timestamp()) + 60,
    }


async def test_the_profile_is_plain_where_settings_expect_that() -> None:
    async with client(settings(oidc_userinfo_signed=False)) as demo:
        access_token = (await tokens(demo))["access_token"]
        response = await demo.get("profil", headers={"Authorization": f"Bearer {access_token}"})
    assert (response.headers["content-type"], response.json()["sub"]) == ("application/json", "demo-alix")


async def test_the_profile_is_for_bearers_within_the_minute(
    demo: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    access_token = (await tokens(demo))["access_token"]
    assert refusal(await demo.get("profil"))[:2] == (401, "invalid_token")
    later(monkeypatch, seconds=60)
    response = await demo.get("profil", headers={"Authorization": f"Bearer {access_token}"})
    assert refusal(response)[:2] == (401, "invalid_token")


# ── Signing out


async def leaving(demo: httpx2.AsyncClient) -> dict[str, str]:
    id_token = (await tokens(demo))["id_token"]
    return {"id_token_hint": id_token, "state": STATE, "post_logout_redirect_uri": FAREWELL}


async def test_signing_out_comes_back_with_the_state(demo: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await leaving(demo)
    later(monkeypatch, seconds=12 * 3600)
    response = await demo.get("fin", params=asked)
    assert (response.status_code, response.headers["location"]) == (303, f"/deconnexion/retour?state={STATE}")


THIEF = RSAKey.generate_key(2048)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "s" * 31}, "state is shorter than 32 characters"),
        ({"state": None}, "state is shorter than 32 characters"),
        ({"post_logout_redirect_uri": "https://ailleurs.example/"}, "post_logout_redirect_uri is not registered"),
        ({"post_logout_redirect_uri": "http://testserver/"}, "post_logout_redirect_uri is not registered"),
        ({"id_token_hint": None}, "id_token_hint is not a token of this provider"),
        (
            {"id_token_hint": jwt.encode({"alg": "RS256"}, {"aud": "demo"}, THIEF)},
            "id_token_hint is not a token of this provider",
        ),
    ],
)
async def test_it_refuses_to_be_signed_out_of_by_anyone(demo: httpx2.AsyncClient, changes: Changes, why: str) -> None:
    response = await demo.get("fin", params=changed(await leaving(demo), changes))
    assert refusal(response) == (400, "invalid_request", why)


def test_the_cast_is_demonstrably_made_up() -> None:
    assert [(persona.name, persona.lab_slug) for persona in CAST] == [
        ("Camille Arnaud", None),
        ("Dominique Bertin", None),
        ("Alix Morvan", "ti-lab"),
        ("Sacha Delmas", "siilab"),
        ("Maxime Collin", None),
    ]
    assert all(persona.role.endswith("(démonstration)") for persona in CAST)

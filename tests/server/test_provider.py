"""The provider, seen from here: what is asked of it, and what is believed of it."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.routing import Mount

from server.demo.signin import MOUNT, demo_provider
from server.provider import Proof, SignInFailed, new_token
from server.settings import Settings

DOWN = "Le service de connexion ne répond pas. Réessayez dans quelques minutes."
REFUSED = "Le service de connexion a refusé ce retour : il a déjà servi ou il a expiré. Recommencez."
NOT_BELIEVED = "La réponse du service de connexion n'a pas pu être vérifiée. Recommencez."
CANCELLED = "Vous avez annulé la connexion."
TOO_WEAK = (
    "Ce site demande une double authentification, et votre connexion n'en est pas une. Activez un second facteur auprès "
    "de votre service de connexion (une application d'authentification, par exemple), puis recommencez."
)
SIRET = "13002526500013"
THIEF = RSAKey.generate_key(2048)
Twist = Callable[[httpx2.Response], httpx2.Response]


class Twisting(httpx2.AsyncBaseTransport):
    """The provider, but one of its addresses answers something else."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, where: str, twist: Twist) -> None:
        self.inner, self.where, self.twist = inner, where, twist
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        return self.twist(answer) if request.url.path.endswith(self.where) else answer


class Doorway:
    """Both sides of a sign-in: the demonstration's provider, and what we see of it."""

    def __init__(self, **given: Any) -> None:
        demo, self.provider = demo_provider(
            Settings(_env_file=None, demo=True, public_url="http://testserver", **given)
        )
        self.key: RSAKey = demo.state.desk.key
        self.site = Starlette(routes=[Mount(MOUNT, demo)])

    def twist(self, where: str, twist: Twist) -> Twisting:
        assert self.provider.transport
        self.provider.transport = twisting = Twisting(self.provider.transport, where, twist)
        return twisting

    def says(self, where: str, claims: Mapping[str, Any], key: RSAKey | None = None) -> Twisting:
        """From now on, what the provider signs there says this."""

        def forged(token: str) -> str:
            said = {**jwt.decode(token, self.key).claims, **claims}
            said = {name: value for name, value in said.items() if value is not None}
            return jwt.encode({"alg": "RS256", "kid": self.key.kid}, said, key or self.key)

        def twist(answer: httpx2.Response) -> httpx2.Response:
            if where == "/profil":
                return httpx2.Response(200, text=forged(answer.text), headers={"Content-Type": "application/jwt"})
            tokens = answer.json()
            return httpx2.Response(200, json={**tokens, "id_token": forged(tokens["id_token"])})

        return self.twist(where, twist)

    async def choose(self, address: str) -> dict[str, str]:
        """Be Alix at the provider; what the browser brings back."""
        transport = httpx2.ASGITransport(app=self.site)
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as browser:
            response = await browser.post(address, data={"sub": "demo-alix"})
        return asked(response.headers["location"])

    async def prove(self) -> Proof:
        """The whole way."""
        attempt = self.provider.attempt("/")
        return await self.provider.prove(await self.choose(await self.provider.address(attempt)), attempt)

    async def fails(self) -> SignInFailed:
        with pytest.raises(SignInFailed) as failure:
            await self.prove()
        return failure.value


def asked(address: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


def told(failure: SignInFailed) -> tuple[int, str]:
    return failure.status, failure.sentence


# ── A level of assurance


async def test_a_level_is_asked_as_proconnect_documents_it() -> None:
    door = Doorway(oidc_acr="eidas2  eidas3 https://proconnect.gouv.fr/assurance/self-asserted-2fa")
    address = await door.provider.address(door.provider.attempt("/"))
    accepted = ["eidas2", "eidas3", "https://proconnect.gouv.fr/assurance/self-asserted-2fa"]
    assert json.loads(asked(address)["claims"]) == {"id_token": {"acr": {"essential": True, "values": accepted}}}


async def test_no_level_is_asked_unless_the_settings_do() -> None:
    door = Doorway()
    assert "claims" not in asked(await door.provider.address(door.provider.attempt("/")))
    door.says("/jeton", {"acr": "eidas1"})
    assert (await door.prove()).name == "Alix Morvan"


@pytest.mark.parametrize("level", ["eidas2", "eidas3"])
async def test_each_level_of_the_settings_is_enough(level: str) -> None:
    door = Doorway(oidc_acr="eidas2 eidas3")
    door.says("/jeton", {"acr": level})
    assert (await door.prove()).name == "Alix Morvan"


@pytest.mark.parametrize("level", [None, "", "eidas1", "eidas2 eidas3", ["eidas2"], 2])
async def test_no_other_level_is_enough_and_nothing_more_is_asked(level: object) -> None:
    door = Doorway(oidc_acr="eidas2 eidas3")
    twisting = door.says("/jeton", {"acr": level})
    assert told(await door.fails()) == (403, TOO_WEAK)
    assert "profil" not in twisting.asked


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"error": "unmet_authentication_requirements"}, (403, TOO_WEAK)),
        (
            {"error": "access_denied", "error_description": "requested ACRs could not be satisfied"},
            (403, TOO_WEAK),
        ),
        ({"error": "access_denied", "error_description": "User auth aborted"}, (400, CANCELLED)),
        ({"error": "access_denied"}, (400, CANCELLED)),
    ],
)
async def test_a_level_out_of_reach_is_no_change_of_mind(answer: dict[str, str], expected: tuple[int, str]) -> None:
    provider = Doorway(oidc_acr="eidas2").provider
    with pytest.raises(SignInFailed) as failure:
        await provider.prove(answer, provider.attempt("/"))
    assert told(failure.value) == expected


# ── Any other provider than ProConnect


async def test_a_standard_provider_is_asked_what_the_standard_has() -> None:
    door = Doorway(oidc_profile="standard")
    there = asked(await door.provider.address(door.provider.attempt("/")))
    assert (there["scope"], there["code_challenge_method"]) == ("openid profile email", "S256")
    assert (await door.prove()).name == "Alix Morvan"


async def test_a_code_is_worth_nothing_without_its_verifier() -> None:
    door = Doorway(oidc_profile="standard")
    attempt = door.provider.attempt("/")
    answer = await door.choose(await door.provider.address(attempt))
    with pytest.raises(SignInFailed) as failure:
        await door.provider.prove(answer, replace(attempt, verifier=new_token()))
    assert told(failure.value) == (400, REFUSED)


@pytest.mark.parametrize("content_type", ["application/jwt", "application/jwt; charset=utf-8"])
async def test_a_standard_provider_may_sign_the_profile(content_type: str) -> None:
    door = Doorway(oidc_profile="standard")
    signed = jwt.encode(
        {"alg": "RS256", "kid": door.key.kid},
        {"iss": door.provider.issuer, "aud": "demo", "sub": "demo-alix", "name": "Alix signée"},
        door.key,
    )
    door.twist("/profil", lambda _: httpx2.Response(200, text=signed, headers={"Content-Type": content_type}))
    assert (await door.prove()).name == "Alix signée"


@pytest.mark.parametrize("claims", [{}, {"iss": "https://ailleurs.example"}, {"aud": "autre"}, {"sub": "demo-camille"}])
async def test_where_no_signature_is_due_one_is_checked_all_the_same(claims: dict[str, str]) -> None:
    door = Doorway(oidc_profile="standard")
    said = {"iss": door.provider.issuer, "aud": "demo", "sub": "demo-alix", **claims}
    signed = jwt.encode({"alg": "RS256", "kid": door.key.kid}, said, door.key if claims else THIEF)
    door.twist("/profil", lambda _: httpx2.Response(200, text=signed, headers={"Content-Type": "application/jwt"}))
    assert told(await door.fails()) == (400, NOT_BELIEVED)


@pytest.mark.parametrize("profile", ["proconnect", "standard"])
async def test_a_token_that_nobody_signed_is_not_believed(profile: str) -> None:
    door = Doorway(oidc_profile=profile)

    def unsigned(answer: httpx2.Response) -> httpx2.Response:
        tokens = answer.json()
        head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        return httpx2.Response(200, json={**tokens, "id_token": f"{head}.{tokens['id_token'].split('.')[1]}."})

    door.twist("/jeton", unsigned)
    assert told(await door.fails()) == (400, NOT_BELIEVED)


@pytest.mark.parametrize("where", ["/.well-known/openid-configuration", "/jeton", "/cles", "/profil"])
@pytest.mark.parametrize("body", [b"[]", b'"oui"', b"null", b"{}", b"\xe9", b""])
async def test_an_answer_that_means_nothing_is_a_provider_out_of_order(where: str, body: bytes) -> None:
    door = Doorway(oidc_profile="standard")
    headers = {"Content-Type": "application/json"}
    door.twist(where, lambda _: httpx2.Response(200, content=body, headers=headers))
    failure = await door.fails()
    if (where, body) == ("/profil", b"{}"):
        assert told(failure) == (400, NOT_BELIEVED), "a profile of nobody"
    elif where.startswith("/.well-known") and body == b"{}":
        assert failure.status == 502, "a provider without a name"
    else:
        assert told(failure) == (502, DOWN)


# ── What is kept of a person


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (SIRET, SIRET),
        (SIRET[:-1], None),
        (SIRET + "0", None),
        ("130 025 265 00013", None),
        (f"{SIRET}\n", None),
        ("١٣٠٠٢٥٢٦٥٠٠٠١٣", None),
        (int(SIRET), None),
        ([SIRET], None),
        (None, None),
    ],
)
async def test_a_siret_is_fourteen_digits_or_nothing(said: object, kept: str | None) -> None:
    door = Doorway()
    door.says("/profil", {"siret": said})
    assert (await door.prove()).siret == kept


async def test_what_is_no_text_is_not_kept() -> None:
    door = Doorway()
    door.says("/profil", {"email": ["alix@demo.example"], "lab_slug": {"slug": "ti-lab"}})
    proof = await door.prove()
    assert (proof.name, proof.email, proof.lab_slug) == ("Alix Morvan", None, None)


# ── What the logs say


async def test_the_logs_have_the_code_of_a_refusal_and_not_its_words() -> None:
    door = Doorway()
    refusal = {"error": "invalid_grant", "error_description": "the code of alix.morvan@demo.example has expired"}
    door.twist("/jeton", lambda _: httpx2.Response(400, json=refusal))
    failure = await door.fails()
    assert (told(failure), failure.cause) == ((400, REFUSED), "OAuthError: invalid_grant")


async def test_the_logs_do_not_have_what_could_not_be_read() -> None:
    door = Doorway(oidc_profile="standard")
    headers = {"Content-Type": "application/json"}
    body = '{"sub": "demo-alix", "name": "Raphaël"}'.encode("latin-1")
    door.twist("/profil", lambda _: httpx2.Response(200, content=body, headers=headers))
    cause = (await door.fails()).cause
    assert cause.startswith("UnicodeDecodeError: ")
    assert "Rapha" not in cause


async def test_the_logs_say_which_address_of_the_provider_fails() -> None:
    door = Doorway()
    door.twist("/profil", lambda answer: httpx2.Response(503, text="Alix Morvan"))
    cause = (await door.fails()).cause
    assert (
        cause == "HTTPStatusError: Server error '503 Service Unavailable' for url '" + door.provider.issuer + "/profil'"
    )


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"error": "invalid_scope", "error_description": "Alix Morvan"}, "AuthlibBaseError: invalid_scope"),
        ({"error": "Alix Morvan"}, "AuthlibBaseError: no known code"),
        ({}, "AuthlibBaseError: no_code"),
        ({"error": "access_denied", "error_description": "Alix Morvan"}, "nothing to add"),
    ],
)
async def test_the_logs_say_why_the_provider_sent_somebody_back(answer: dict[str, str], cause: str) -> None:
    provider = Doorway().provider
    with pytest.raises(SignInFailed) as failure:
        await provider.prove(answer, provider.attempt("/"))
    assert failure.value.cause == cause

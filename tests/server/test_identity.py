"""Who is asking: sessions, links, and the whole way to the provider and back."""

import html
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from sqlmodel import col, func, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from server import i18n, identity, sessions
from server.cookies import digest
from server.database import Database, News
from server.demo.signin import MOUNT, Desk, demo_provider
from server.identity import Identify, SignInAttempt, SignInLink, SignInNeeded
from server.known import Known
from server.limits import Limits
from server.live.hub import RESTART, Hub, Seat
from server.metrics import Metrics
from server.pages import signin
from server.provider import Provider
from server.rooms import Rooms
from server.sessions import Session
from server.settings import Settings
from tests.cast import facilitator, workshop
from tests.room import Line
from workshops import accounts, labs, people, world
from workshops.people import Identity, Person
from workshops.records import Record
from workshops.refusals import NotNow

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)

ELSEWHERE = "Cette connexion a expiré, a déjà servi, ou a été commencée dans un autre navigateur. Recommencez."
CANCELLED = "Vous avez annulé la connexion."
DOWN = "Le service de connexion ne répond pas. Réessayez dans quelques minutes."
REFUSED = "Le service de connexion a refusé ce retour : il a déjà servi ou il a expiré. Recommencez."
NOT_BELIEVED = "La réponse du service de connexion n'a pas pu être vérifiée. Recommencez."
TOO_WEAK = (
    "Ce site demande une double authentification, et votre connexion n'en est pas une. Activez un second facteur auprès "
    "de votre service de connexion (une application d'authentification, par exemple), puis recommencez."
)
LINK_CLOSED = "Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre."


class Clock:
    """The world's time, moved by hand."""

    def __init__(self) -> None:
        self.at = NINE

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(world, "now", clock)
    return clock


class Site:
    """A small site with our pages, the demonstration's provider and a real database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.demo, self.provider = demo_provider(settings)
        self.app = Starlette(
            routes=[
                Route("/", home),
                Route("/prive", private, methods=["GET", "POST"]),
                Route("/bienvenue/{name}", welcome, methods=["POST"]),
                Route("/connexion", signin.start),
                Route("/connexion/retour", signin.back),
                Route("/connexion/lien/{token}", signin.by_link),
                Route("/deconnexion", signin.out, methods=["POST"]),
                Route("/deconnexion/retour", signin.gone),
                Mount(MOUNT, self.demo),
            ],
            middleware=[Middleware(Identify)],
            exception_handlers={SignInNeeded: sign_in_first},
        )
        self.app.state.settings = settings
        self.app.state.database = self.database
        self.app.state.hub = Hub(self.database, Rooms(self.database), Metrics(), 10)
        self.app.state.known = Known()
        self.database.after_commit = self.hear
        self.app.state.provider = self.provider
        self.app.state.limits = Limits(self.database, settings.secret_key)

    def hear(self, news: News) -> None:
        self.app.state.known.forget(news)
        self.app.state.hub.ring(news)

    @property
    def desk(self) -> Desk:
        desk: Desk = self.demo.state.desk
        return desk

    def browser(self, base_url: str | None = None) -> httpx2.AsyncClient:
        """Somebody's browser: it keeps its cookies and follows nothing by itself."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url=base_url or self.settings.public_url
        )

    async def count(self, table: type[Record]) -> int:
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def only(self, table: type[Any]) -> Any:
        async with self.database.reading() as session:
            return (await session.scalars(select(table))).one()


async def home(request: Request) -> Response:
    person = identity.person(request)
    return PlainTextResponse(person.name if person else "personne")


async def private(request: Request) -> Response:
    return PlainTextResponse(identity.signed_in(request).name)


async def welcome(request: Request) -> Response:
    """A guest comes in, as on /rejoindre."""
    response = RedirectResponse("/", 303)
    async with request.app.state.database.transaction() as session:
        person = await people.welcome(session, request.path_params["name"])
        await sessions.begin(request, session, response, person, account=False)
    return response


async def sign_in_first(request: Request, needed: Exception) -> Response:
    assert isinstance(needed, SignInNeeded)
    return RedirectResponse(needed.address, 303)


SiteMaker = Callable[..., Any]


@pytest.fixture
async def make_site(tmp_path: Path, clock: Clock) -> AsyncIterator[SiteMaker]:
    sites: list[Site] = []

    async def make(**settings: Any) -> Site:
        given: dict[str, Any] = {
            "database_url": f"sqlite+aiosqlite:///{tmp_path}/grille.db",
            "secret_key": "secret",
            "public_url": "http://testserver",
            "demo": True,
        }
        site = Site(Settings(_env_file=None, **given | settings))
        sites.append(site)
        async with site.database.engine.begin() as connection:
            await connection.run_sync(Record.metadata.create_all)
        async with site.database.transaction() as session:
            await labs.enter(session, [{"slug": "ti-lab", "nom": "Ti Lab"}])
        return site

    yield make
    for site in sites:
        await site.database.close()


@pytest.fixture
async def site(make_site: SiteMaker) -> Site:
    made: Site = await make_site()
    return made


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    async with site.browser() as client:
        yield client


async def leave(browser: httpx2.AsyncClient, suite: str = "/") -> str:
    """Ask to sign in; where the browser is sent."""
    response = await browser.get("/connexion", params={"suite": suite})
    assert response.status_code == 303
    return response.headers["location"]


async def choose(browser: httpx2.AsyncClient, address: str, sub: str = "demo-alix") -> str:
    """Be someone at the provider; where the browser is sent back."""
    response = await browser.post(address, data={"sub": sub})
    assert response.status_code == 303
    return response.headers["location"]


async def sign_in(browser: httpx2.AsyncClient, suite: str = "/", sub: str = "demo-alix") -> httpx2.Response:
    return await browser.get(await choose(browser, await leave(browser, suite), sub))


async def name(browser: httpx2.AsyncClient) -> str:
    """What the home page calls who is asking."""
    return (await browser.get("/")).text


def told(response: httpx2.Response) -> str:
    """The sentence of a failed sign-in."""
    found = re.search(r'class="fr-alert [^"]*">\s*<p>(.*?)</p>', response.text)
    assert found
    return html.unescape(found[1])


def failure(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, told(response)


def cookies(response: httpx2.Response) -> dict[str, str]:
    """Name → attributes of each cookie given, without its value."""
    given = (header.partition(";") for header in response.headers.get_list("set-cookie"))
    return {pair.partition("=")[0]: attributes.strip() for pair, _, attributes in given}


# ── The whole way


async def test_someone_signs_in_and_comes_back_where_they_were_going(site: Site, browser: httpx2.AsyncClient) -> None:
    response = await sign_in(browser, "/ateliers/42?vue=liste")
    assert (response.status_code, response.headers["location"]) == (303, "/ateliers/42?vue=liste")
    assert await name(browser) == "Alix Morvan"
    known = await site.only(Identity)
    assert (known.iss, known.sub, known.email, known.lab_slug) == (
        "http://testserver/demo/connexion",
        "demo-alix",
        "alix.morvan@demo.example",
        "ti-lab",
    )


async def test_the_same_account_is_the_same_person(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    async with site.browser() as telephone:
        await sign_in(telephone)
    assert await site.count(Person) == 1


async def test_a_lab_out_of_the_directory_is_no_lab(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser, sub="demo-sacha")
    assert (await site.only(Identity)).lab_slug is None


async def test_only_standard_parameters_leave_for_the_provider(browser: httpx2.AsyncClient) -> None:
    asked = parse_qs(urlsplit(await leave(browser)).query)
    state, nonce = asked.pop("state")[0], asked.pop("nonce")[0]
    assert (len(state), len(nonce)) == (43, 43)
    assert asked == {
        "response_type": ["code"],
        "client_id": ["demo"],
        "redirect_uri": ["http://testserver/connexion/retour"],
        "scope": ["openid given_name usual_name email siret"],
    }


async def test_with_pkce_the_code_needs_its_verifier(make_site: SiteMaker) -> None:
    site = await make_site(oidc_pkce=True)
    async with site.browser() as browser:
        address = await leave(browser)
        asked = parse_qs(urlsplit(address).query)
        assert asked["code_challenge_method"] == ["S256"]
        await browser.get(await choose(browser, address))
        assert await name(browser) == "Alix Morvan"


async def test_userinfo_may_be_unsigned_where_settings_say_so(make_site: SiteMaker) -> None:
    site = await make_site(oidc_userinfo_signed=False)
    async with site.browser() as browser:
        await sign_in(browser)
        assert await name(browser) == "Alix Morvan"


class Impostor(httpx2.AsyncBaseTransport):
    """The provider, but its unsigned userinfo is someone else's."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/profil"):
            return httpx2.Response(200, json={"sub": "demo-camille", "given_name": "Camille"})
        return await self.inner.handle_async_request(request)


async def test_unsigned_userinfo_of_someone_else_is_not_believed(make_site: SiteMaker) -> None:
    site = await make_site(oidc_userinfo_signed=False)
    site.provider.transport = Impostor(site.provider.transport)
    async with site.browser() as browser:
        assert failure(await sign_in(browser)) == (400, i18n.gettext(NOT_BELIEVED))


async def test_unsigned_userinfo_is_not_believed_where_a_signature_is_due(
    site: Site, browser: httpx2.AsyncClient
) -> None:
    site.demo.state.desk.settings = site.settings.model_copy(update={"oidc_userinfo_signed": False})
    assert failure(await sign_in(browser)) == (400, i18n.gettext(NOT_BELIEVED))


async def test_several_tabs_sign_in_at_once(site: Site, browser: httpx2.AsyncClient) -> None:
    first, second = await leave(browser, "/a"), await leave(browser, "/b")
    answers = [await browser.get(await choose(browser, address)) for address in (second, first)]
    assert [answer.headers["location"] for answer in answers] == ["/b", "/a"]
    assert await site.count(Session) == 1


async def test_the_demonstration_works_under_another_name_of_the_machine(site: Site) -> None:
    async with site.browser("http://127.0.0.1:8123") as browser:
        assert (await leave(browser)).startswith("/demo/connexion/autoriser?")
        await sign_in(browser)
        assert await name(browser) == "Alix Morvan"


# ── What does not get through


async def test_changing_ones_mind_is_no_error_of_ours(site: Site, browser: httpx2.AsyncClient) -> None:
    response = await sign_in(browser, "/ateliers", sub="")
    assert failure(response) == (400, i18n.gettext(CANCELLED))
    assert 'href="/connexion?suite=%2Fateliers">Réessayer</a>' in response.text
    assert await site.count(SignInAttempt) == 0


async def test_a_missing_second_factor_is_told_with_what_to_do(make_site: SiteMaker) -> None:
    site = await make_site(oidc_acr="eidas2 eidas3")
    site.provider.transport = Forging(site, "/jeton", {"acr": "eidas1"}, {}, None)
    async with site.browser() as browser:
        response = await sign_in(browser, "/ateliers")
        assert failure(response) == (403, i18n.gettext(TOO_WEAK))
        assert 'href="/connexion?suite=%2Fateliers">Réessayer</a>' in response.text
        assert (await site.count(Session), await site.count(Person)) == (0, 0)
        site.provider.transport = site.provider.transport.inner
        await sign_in(browser)
        assert await name(browser) == "Alix Morvan"


async def test_another_error_of_the_provider_is_told(site: Site, browser: httpx2.AsyncClient) -> None:
    state = parse_qs(urlsplit(await leave(browser)).query)["state"][0]
    response = await browser.get("/connexion/retour", params={"state": state, "error": "server_error"})
    assert failure(response) == (400, i18n.gettext("Le service de connexion a refusé la demande. Recommencez."))


class Down(httpx2.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("nobody there", request=request)


class Junk(httpx2.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text="<html>maintenance</html>")


@pytest.mark.parametrize("transport", [Down(), Junk()])
async def test_a_provider_that_is_down_when_leaving(
    site: Site, browser: httpx2.AsyncClient, transport: httpx2.AsyncBaseTransport
) -> None:
    site.provider.transport = transport
    assert failure(await browser.get("/connexion")) == (502, i18n.gettext(DOWN))
    assert await site.count(SignInAttempt) == 0


@pytest.mark.parametrize("transport", [Down(), Junk()])
async def test_a_provider_that_is_down_when_coming_back(
    site: Site, browser: httpx2.AsyncClient, transport: httpx2.AsyncBaseTransport
) -> None:
    address = await choose(browser, await leave(browser))
    site.provider.transport = transport
    assert failure(await browser.get(address)) == (502, i18n.gettext(DOWN))
    assert await name(browser) == "personne"


async def test_a_provider_under_another_name_is_refused(site: Site, browser: httpx2.AsyncClient) -> None:
    site.provider.issuer = "http://testserver/demo/connexion/"
    response = await browser.get("/connexion")
    assert failure(response) == (
        502,
        i18n.gettext("Le service de connexion se présente sous un autre nom que prévu."),
    )


async def test_a_return_serves_once(site: Site, browser: httpx2.AsyncClient) -> None:
    address = await choose(browser, await leave(browser))
    await browser.get(address)
    assert failure(await browser.get(address)) == (400, i18n.gettext(ELSEWHERE))
    assert await name(browser) == "Alix Morvan"


async def test_a_code_serves_once(browser: httpx2.AsyncClient) -> None:
    """Even under a new state: the provider refuses a code it has already exchanged."""
    first = await choose(browser, await leave(browser))
    await browser.get(first)
    used = parse_qs(urlsplit(first).query)["code"][0]
    state = parse_qs(urlsplit(await leave(browser)).query)["state"][0]
    response = await browser.get("/connexion/retour", params={"state": state, "code": used})
    assert failure(response) == (400, i18n.gettext(REFUSED))


async def test_a_return_only_serves_in_the_browser_that_left(site: Site, browser: httpx2.AsyncClient) -> None:
    address = await choose(browser, await leave(browser))
    async with site.browser() as other:
        await leave(other)
        assert failure(await other.get(address)) == (400, i18n.gettext(ELSEWHERE))
        assert await name(other) == "personne"
    assert (await browser.get(address)).status_code == 303


@pytest.mark.parametrize("answer", [{}, {"state": "x" * 43, "code": "y"}, {"error": "access_denied"}])
async def test_a_return_nobody_left_for_is_refused(browser: httpx2.AsyncClient, answer: Mapping[str, str]) -> None:
    assert failure(await browser.get("/connexion/retour", params=answer)) == (400, i18n.gettext(ELSEWHERE))


async def test_ten_minutes_to_come_back(clock: Clock, site: Site, browser: httpx2.AsyncClient) -> None:
    address = await leave(browser)
    clock.advance(minutes=10)
    assert failure(await browser.get(await choose(browser, address))) == (400, i18n.gettext(ELSEWHERE))
    assert await site.count(SignInAttempt) == 1
    await leave(browser)
    assert await site.count(SignInAttempt) == 1, "the forgotten attempt is swept away by the new one"


class Forging(httpx2.AsyncBaseTransport):
    """The provider, but what it signs says something else."""

    def __init__(self, site: Site, where: str, claims: Mapping[str, Any], header: Mapping[str, Any], key: Any) -> None:
        self.inner = site.provider.transport
        self.genuine = site.desk.key
        self.where, self.claims, self.header, self.key = where, claims, header, key or site.desk.key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert self.inner
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        if not request.url.path.endswith(self.where):
            return answer
        if self.where == "/profil":
            return httpx2.Response(200, text=self._forged(answer.text))
        tokens = answer.json()
        return httpx2.Response(200, json={**tokens, "id_token": self._forged(tokens["id_token"])})

    def _forged(self, token: str) -> str:
        claims = {**jwt.decode(token, self.genuine).claims, **self.claims}
        header = {"alg": "RS256", "kid": self.genuine.kid, **self.header}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, kept, self.key, algorithms=[header["alg"]])


THIEF = RSAKey.generate_key(2048)
FORGERIES: dict[str, tuple[str, dict[str, Any], dict[str, Any], Any]] = {
    "wrong nonce": ("/jeton", {"nonce": "n" * 43}, {}, None),
    "no nonce": ("/jeton", {"nonce": None}, {}, None),
    "wrong issuer": ("/jeton", {"iss": "https://ailleurs.example"}, {}, None),
    "for another client": ("/jeton", {"aud": "autre"}, {}, None),
    "handed to another client": ("/jeton", {"aud": ["demo", "autre"], "azp": "autre"}, {}, None),
    "no subject": ("/jeton", {"sub": None}, {}, None),
    "expired this very second": ("/jeton", {"exp": int(NINE.timestamp())}, {}, None),
    "without an end": ("/jeton", {"exp": None}, {}, None),
    "signed by a thief": ("/jeton", {}, {}, THIEF),
    "signed with a key never published": ("/jeton", {}, {"kid": "inconnue"}, THIEF),
    "signed with a shared secret": ("/jeton", {}, {"alg": "HS256"}, OctKey.generate_key(256)),
    "signed with another algorithm": ("/jeton", {}, {"alg": "PS256"}, None),
    "userinfo of someone else": ("/profil", {"sub": "demo-sacha"}, {}, None),
    "userinfo for another client": ("/profil", {"aud": "autre"}, {}, None),
    "userinfo of another issuer": ("/profil", {"iss": "https://ailleurs.example"}, {}, None),
    "userinfo expired": ("/profil", {"exp": int(NINE.timestamp())}, {}, None),
    "userinfo signed by a thief": ("/profil", {}, {}, THIEF),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_token_is_not_believed(
    site: Site, browser: httpx2.AsyncClient, forgery: tuple[str, dict[str, Any], dict[str, Any], Any]
) -> None:
    site.provider.transport = Forging(site, *forgery)
    assert failure(await sign_in(browser)) == (400, i18n.gettext(NOT_BELIEVED))
    assert (await site.count(Session), await site.count(Person)) == (0, 0)


async def test_a_clock_a_second_ahead_is_no_fraud(site: Site, browser: httpx2.AsyncClient) -> None:
    site.provider.transport = Forging(site, "/jeton", {"iat": int(NINE.timestamp()) + 1}, {}, None)
    await sign_in(browser)
    assert await name(browser) == "Alix Morvan"


async def test_tokens_live_a_minute(clock: Clock, browser: httpx2.AsyncClient) -> None:
    address = await choose(browser, await leave(browser))
    clock.advance(seconds=60)
    assert failure(await browser.get(address)) == (400, i18n.gettext(REFUSED))


class Counting(httpx2.AsyncBaseTransport):
    """The provider, and how often each of its addresses was asked."""

    def __init__(self, inner: httpx2.AsyncBaseTransport | None) -> None:
        assert inner
        self.inner = inner
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        return await self.inner.handle_async_request(request)


async def test_discovery_and_keys_are_asked_once(site: Site, browser: httpx2.AsyncClient) -> None:
    site.provider.transport = counting = Counting(site.provider.transport)
    await sign_in(browser)
    await sign_in(browser)
    assert counting.asked == ["openid-configuration", "jeton", "cles", "profil", "jeton", "profil"]


async def test_a_new_key_of_the_provider_is_found(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    site.desk.key = RSAKey.generate_key(2048, auto_kid=True)
    site.provider.transport = counting = Counting(site.provider.transport)
    await sign_in(browser)
    assert await name(browser) == "Alix Morvan"
    assert counting.asked == ["jeton", "cles", "profil"]


async def test_a_provider_may_sign_with_an_elliptic_curve(site: Site, browser: httpx2.AsyncClient) -> None:
    curve = ECKey.generate_key("P-256", auto_kid=True)
    site.provider.transport = Forging(site, "/jeton", {}, {"alg": "ES256", "kid": curve.kid}, curve)
    site.provider._keys = KeySet([site.desk.key, curve])
    await sign_in(browser)
    assert await name(browser) == "Alix Morvan"


@pytest.mark.parametrize(
    "suite",
    [
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "\\/ailleurs.example",
        "/\t/ailleurs.example",
        "/a\r\nSet-Cookie: b=c",
        "javascript:alert(1)",
        "ateliers",
        "",
        "/" + "a" * 2000,
    ],
)
async def test_signing_in_sends_nobody_elsewhere(browser: httpx2.AsyncClient, suite: str) -> None:
    assert (await sign_in(browser, suite)).headers["location"] == "/"


async def test_without_a_provider_a_page_points_to_the_codes(site: Site, browser: httpx2.AsyncClient) -> None:
    assert Provider.configured(site.settings) is None
    site.app.state.provider = None
    response = await browser.get("/connexion")
    assert response.status_code == 200
    assert 'href="/rejoindre">Rejoindre un atelier</a>' in response.text
    assert cookies(response) == {}


def test_the_environment_names_the_provider() -> None:
    provider = Provider.configured(
        Settings(
            _env_file=None,
            secret_key="x" * 32,
            public_url="https://grille.example/",
            oidc_issuer="https://connexion.example/api",
            oidc_client_id="grille",
            oidc_client_secret="mot",
        )
    )
    assert provider
    assert (provider.issuer, provider.client_id, provider.client_secret, provider.redirect_uri) == (
        "https://connexion.example/api",
        "grille",
        "mot",
        "https://grille.example/connexion/retour",
    )


# ── Names


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"given_name": "Alix", "usual_name": "Morvan", "family_name": "Le Goff"}, "Alix Morvan"),
        ({"given_name": "Alix", "family_name": "Le Goff"}, "Alix Le Goff"),
        ({"name": "Alix M.", "given_name": ""}, "Alix M."),
        ({}, "Sans nom"),
    ],
)
async def test_people_go_by_their_usual_name(
    site: Site, browser: httpx2.AsyncClient, claims: dict[str, str], name: str
) -> None:
    nothing = {"given_name": None, "usual_name": None}
    site.provider.transport = Forging(site, "/profil", {**nothing, **claims}, {}, None)
    await sign_in(browser)
    assert (await site.only(Person)).name == name


# ── Signing out


async def test_signing_out_goes_by_the_provider(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    id_token = (await site.only(Session)).id_token
    response = await browser.post("/deconnexion")
    assert response.status_code == 303
    address = urlsplit(response.headers["location"])
    asked = parse_qs(address.query)
    assert (address.path, asked.pop("state")) == ("/demo/connexion/fin", [browser.cookies["signout"]])
    assert asked == {
        "id_token_hint": [id_token],
        "post_logout_redirect_uri": ["http://testserver/deconnexion/retour"],
    }
    assert (await site.count(Session), await name(browser)) == (0, "personne")
    assert "session" not in browser.cookies


async def sign_out(browser: httpx2.AsyncClient) -> str:
    """Sign in, sign out, and let the provider forget too; where it sends the browser back."""
    await sign_in(browser)
    response = await browser.get((await browser.post("/deconnexion")).headers["location"])
    assert response.status_code == 303
    return response.headers["location"]


async def test_the_provider_sends_back_with_the_state_once(browser: httpx2.AsyncClient) -> None:
    address = await sign_out(browser)
    assert address == f"/deconnexion/retour?state={browser.cookies['signout']}"
    response = await browser.get(address)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert cookies(response) == {"signout": "HttpOnly; Max-Age=0; Path=/; SameSite=lax"}
    again = await browser.get(address)
    assert (again.status_code, again.headers["location"], cookies(again)) == (303, "/", {})


@pytest.mark.parametrize("answer", [{}, {"state": ""}, {"state": "x" * 43}, {"state": "é" * 43}])
async def test_a_return_nobody_signed_out_for_goes_home_and_changes_nothing(
    site: Site, browser: httpx2.AsyncClient, answer: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    address = await sign_out(browser)
    await sign_in(browser)
    async with site.browser() as stranger:
        for one in (browser, stranger):
            response = await one.get("/deconnexion/retour", params=answer)
            assert (response.status_code, response.headers["location"], cookies(response)) == (303, "/", {})
    assert caplog.messages == ["sign-out: a return that answers no sign-out of this browser"] * 2
    assert await name(browser) == "Alix Morvan"
    assert "signout" in cookies(await browser.get(address)), "the one it left for is still awaited"


async def test_a_return_only_answers_the_browser_that_signed_out(site: Site, browser: httpx2.AsyncClient) -> None:
    address = await sign_out(browser)
    async with site.browser() as other:
        await sign_out(other)
        assert cookies(await other.get(address)) == {}
    assert list(cookies(await browser.get(address))) == ["signout"]


async def test_signing_out_of_another_site_goes_through_a_page(site: Site, browser: httpx2.AsyncClient) -> None:
    """`form-action 'self'` forbids a form to end on another site."""
    await sign_in(browser)
    site.provider._discovered = {"end_session_endpoint": "https://connexion.example/fin"}
    response = await browser.post("/deconnexion")
    assert response.status_code == 200
    refresh = response.headers["refresh"]
    assert refresh.startswith("0; url=https://connexion.example/fin?id_token_hint=")
    assert f'href="{html.escape(refresh.removeprefix("0; url="))}"' in response.text
    assert "/deconnexion" not in response.text, "the page already knows that nobody is signed in"
    assert await name(browser) == "personne"


async def test_a_guest_signs_out_without_a_provider(site: Site, browser: httpx2.AsyncClient) -> None:
    await browser.post("/bienvenue/Noor")
    assert await name(browser) == "Noor"
    response = await browser.post("/deconnexion")
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert (await site.count(Session), await name(browser)) == (0, "personne")


async def test_signing_out_dismisses_ones_screens_and_nobody_elses(site: Site, browser: httpx2.AsyncClient) -> None:
    await browser.post("/bienvenue/Noor")
    noor = await site.only(Person)
    room = await workshop(site.database, by=await facilitator(site.database))
    another = await workshop(site.database, by=await facilitator(site.database))
    hub: Hub = site.app.state.hub
    phone, desk = Seat(room.id, noor.id, "", 1, line=Line()), Seat(another.id, noor.id, "", 1, line=Line())
    other = Seat(room.id, "0unautre0000", "", 1, line=Line())
    for seat in (phone, desk, other):
        hub.sit(seat)
    await browser.post("/deconnexion")
    assert [seat.closing for seat in (phone, desk, other)] == [RESTART, RESTART, None]
    await hub.close()


async def test_nobody_may_sign_out(browser: httpx2.AsyncClient) -> None:
    assert (await browser.post("/deconnexion")).headers["location"] == "/"


@pytest.mark.parametrize("discovered", [{}, {"issuer": "http://testserver/demo/connexion"}])
async def test_a_provider_that_is_down_or_offers_nothing_keeps_nobody(
    site: Site, browser: httpx2.AsyncClient, discovered: dict[str, str]
) -> None:
    await sign_in(browser)
    site.provider._discovered, site.provider.transport = discovered, Down()
    response = await browser.post("/deconnexion")
    assert (response.headers["location"], list(cookies(response))) == ("/", ["session"])
    assert await name(browser) == "personne"


# ── Sessions and cookies


async def test_cookies_over_http(browser: httpx2.AsyncClient) -> None:
    assert cookies(await browser.get("/connexion")) == {
        "signin": "HttpOnly; Max-Age=600; Path=/; SameSite=lax",
    }
    assert cookies(await sign_in(browser)) == {"session": "HttpOnly; Max-Age=43200; Path=/; SameSite=lax"}
    assert cookies(await browser.post("/bienvenue/Noor")) == {
        "session": "HttpOnly; Max-Age=2592000; Path=/; SameSite=lax"
    }
    assert cookies(await browser.post("/deconnexion")) == {"session": "HttpOnly; Max-Age=0; Path=/; SameSite=lax"}
    await sign_in(browser)
    assert cookies(await browser.post("/deconnexion")) == {
        "session": "HttpOnly; Max-Age=0; Path=/; SameSite=lax",
        "signout": "HttpOnly; Max-Age=600; Path=/; SameSite=lax",
    }


async def test_cookies_over_https(make_site: SiteMaker) -> None:
    site = await make_site(public_url="https://localhost")
    async with site.browser() as browser:
        assert cookies(await browser.get("/connexion")) == {
            "__Host-signin": "HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure",
        }
        assert cookies(await sign_in(browser)) == {
            "__Host-session": "HttpOnly; Max-Age=43200; Path=/; SameSite=lax; Secure"
        }
        assert await name(browser) == "Alix Morvan"
        assert cookies(await browser.post("/deconnexion")) == {
            "__Host-session": "HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure",
            "__Host-signout": "HttpOnly; Max-Age=600; Path=/; SameSite=lax; Secure",
        }


async def test_the_database_knows_no_cookie(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    token = browser.cookies["session"]
    kept = await site.only(Session)
    assert (len(token), kept.token_hash) == (43, digest(token))


async def test_signing_in_changes_the_cookie(site: Site, browser: httpx2.AsyncClient) -> None:
    await browser.post("/bienvenue/Noor")
    before = browser.cookies["session"]
    await sign_in(browser)
    assert await site.count(Session) == 1
    async with site.browser() as eavesdropper:
        eavesdropper.cookies.set("session", before)
        assert await name(eavesdropper) == "personne"


@pytest.mark.parametrize(("account", "life"), [(True, timedelta(hours=12)), (False, timedelta(days=30))])
async def test_a_session_ends(
    clock: Clock, site: Site, browser: httpx2.AsyncClient, account: bool, life: timedelta
) -> None:
    await (sign_in(browser) if account else browser.post("/bienvenue/Alix%20Morvan"))
    while clock.at < NINE + life - timedelta(seconds=1):  # in use, so that it is not idle
        clock.at = min(clock.at + life / 8, NINE + life - timedelta(seconds=1))
        assert await name(browser) == "Alix Morvan"
    clock.at = NINE + life
    assert await name(browser) == "personne"


async def test_a_made_up_cookie_is_nobody(site: Site) -> None:
    async with site.browser() as browser:
        for made_up in ("x" * 43, "court", ""):
            browser.cookies.set("session", made_up)
            assert await name(browser) == "personne"


async def test_nobody_is_sent_to_sign_in_and_comes_back(browser: httpx2.AsyncClient) -> None:
    response = await browser.get("/prive?a=1&b=2")
    assert (response.status_code, response.headers["location"]) == (303, "/connexion?suite=%2Fprive%3Fa%3D1%26b%3D2")
    left = (await browser.get(response.headers["location"])).headers["location"]
    assert (await browser.get(await choose(browser, left))).headers["location"] == "/prive?a=1&b=2"
    assert (await browser.get("/prive")).text == "Alix Morvan"


async def test_sockets_know_who_asks_and_static_files_do_not(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        person = scope.get("state", {}).get("person")
        seen.append(person and person.name)

    cookie = f"session={browser.cookies['session']}".encode()
    for kind, path in (("websocket", "/ateliers/1/direct"), ("http", "/static/app.css"), ("lifespan", "")):
        scope = {"type": kind, "path": path, "headers": [(b"cookie", cookie)], "app": site.app}
        await Identify(app)(scope, None, None)  # type: ignore[arg-type]
    assert seen == ["Alix Morvan", None, None]


# ── Links


async def link(site: Site, minutes: int = 15) -> str:
    async with site.database.transaction() as session:
        camille = await people.welcome(session, "Camille")
        return await identity.link(session, camille, minutes)


async def test_a_link_opens_once(site: Site, browser: httpx2.AsyncClient) -> None:
    token = await link(site)
    response = await browser.get(f"/connexion/lien/{token}?suite=/ateliers")
    assert (response.status_code, response.headers["location"]) == (303, "/ateliers")
    assert await name(browser) == "Camille"
    async with site.browser() as other:
        assert failure(await other.get(f"/connexion/lien/{token}")) == (400, i18n.gettext(LINK_CLOSED))
        assert await name(other) == "personne"


async def test_what_only_looks_at_a_link_uses_nothing(site: Site, browser: httpx2.AsyncClient) -> None:
    token = await link(site)
    assert (await browser.head(f"/connexion/lien/{token}")).status_code == 303
    assert await site.count(Session) == 0
    await browser.get(f"/connexion/lien/{token}")
    assert await site.count(Session) == 1


async def test_a_link_is_for_fifteen_minutes(clock: Clock, site: Site, browser: httpx2.AsyncClient) -> None:
    token = await link(site)
    clock.advance(minutes=15)
    assert failure(await browser.get(f"/connexion/lien/{token}")) == (400, i18n.gettext(LINK_CLOSED))


async def test_a_link_nobody_gave_is_refused(site: Site, browser: httpx2.AsyncClient) -> None:
    await link(site)
    assert failure(await browser.get(f"/connexion/lien/{'x' * 43}")) == (400, i18n.gettext(LINK_CLOSED))


async def test_the_database_knows_no_link(site: Site) -> None:
    token = await link(site)
    assert (await site.only(SignInLink)).token_hash == digest(token)


async def test_sweeping_forgets_what_is_over_only(clock: Clock, site: Site, browser: httpx2.AsyncClient) -> None:
    async def left() -> tuple[int, ...]:
        async with site.database.transaction() as session:
            await identity.sweep(session)
        return tuple([await site.count(table) for table in (Session, SignInAttempt, SignInLink)])

    await browser.post("/bienvenue/Noor")
    await leave(browser)
    await link(site)
    assert await left() == (1, 1, 1)
    clock.advance(minutes=10)
    assert await left() == (1, 0, 1)
    clock.advance(minutes=5)
    assert await left() == (1, 0, 0)
    clock.advance(days=30)
    assert await left() == (0, 0, 0)
    async with site.database.reading() as session:
        assert await session.scalar(select(func.count(col(Person.id)))) == 2


# ── Several ways in to one account


async def add_way(browser: httpx2.AsyncClient, sub: str) -> httpx2.Response:
    """From one's account: through the provider once more, as somebody else of its cast."""
    left = await browser.get("/connexion", params={"suite": "/compte", "ajouter": "oui"})
    return await browser.get(await choose(browser, left.headers["location"], sub))


async def test_an_account_may_have_several_identities(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    answer = await add_way(browser, "demo-sacha")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte")
    alix = await site.only(Person)
    async with site.database.reading() as session:
        known = {each.sub: each.person_id for each in await people.identities(session, alix)}
    assert known == {"demo-alix": alix.id, "demo-sacha": alix.id}
    async with site.browser() as another:
        await sign_in(another, sub="demo-sacha")
        assert await name(another) == "Alix Morvan"


async def test_an_identity_is_one_accounts(site: Site, browser: httpx2.AsyncClient) -> None:
    async with site.browser() as sacha:
        await sign_in(sacha, sub="demo-sacha")
    await sign_in(browser)
    with pytest.raises(NotNow, match="celle d'un autre compte"):
        await add_way(browser, "demo-sacha")
    assert await site.count(Identity) == 2


async def test_a_browser_that_changed_hands_meanwhile_adds_nothing(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    left = await browser.get("/connexion", params={"suite": "/compte", "ajouter": "oui"})
    chosen = await choose(browser, left.headers["location"], "demo-dominique")
    await sign_in(browser, sub="demo-sacha")
    answer = await browser.get(chosen)
    assert failure(answer)[0] == 400
    assert "changé de compte" in failure(answer)[1]
    assert await site.count(Identity) == 2


async def test_a_stranger_who_asks_to_add_signs_in(site: Site, browser: httpx2.AsyncClient) -> None:
    assert (await add_way(browser, "demo-alix")).status_code == 303
    assert await name(browser) == "Alix Morvan"


async def test_another_site_adds_nothing_to_an_account(site: Site, browser: httpx2.AsyncClient) -> None:
    """It may send somebody to sign in; the identity that comes back is an account of its own."""
    await sign_in(browser)
    asked = {"suite": "/compte", "ajouter": "oui"}
    left = await browser.get("/connexion", params=asked, headers={"sec-fetch-site": "cross-site"})
    await browser.get(await choose(browser, left.headers["location"], "demo-sacha"))
    assert await name(browser) == "Sacha Delmas"
    assert await site.count(Person) == 2


async def test_a_link_opens_nothing_for_somebody_erased(site: Site, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    alix = await site.only(Person)
    async with site.database.transaction() as session:
        token = await identity.link(session, alix)
    async with site.database.transaction() as session:
        await identity.forget(session, await accounts.erase(session, by=alix))
    assert await name(browser) == "personne"
    async with site.browser() as another:
        assert failure(await another.get(f"/connexion/lien/{token}"))[0] == 400
        assert await name(another) == "personne"

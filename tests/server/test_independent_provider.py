"""Signing in at a provider that we did not write: npm's certified oidc-provider, in a process of its own."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from sqlmodel import select, update
from starlette.applications import Starlette

from server import i18n
from server.database import Database
from server.identity import SignInAttempt
from server.provider import new_token
from server.settings import Settings
from tests.conftest import Clock
from workshops.people import Identity

SCRIPT = Path(__file__).parent / "oidc_provider" / "provider.mjs"
SECRET = "un secret de test, assez long pour personne"
SITE = "http://testserver"
FAREWELL = SITE + "/deconnexion/retour"
REFUSED = "Le service de connexion a refusé ce retour : il a déjà servi ou il a expiré. Recommencez."
REFUSED_TO_ASK = "Le service de connexion a refusé la demande. Recommencez."
NOT_BELIEVED = "La réponse du service de connexion n'a pas pu être vérifiée. Recommencez."
CANCELLED = "Vous avez annulé la connexion."
ELSEWHERE = "Cette connexion a expiré, a déjà servi, ou a été commencée dans un autre navigateur. Recommencez."
TOO_WEAK = (
    "Ce site demande une double authentification, et votre connexion n'en est pas une. Activez un second facteur auprès "
    "de votre service de connexion (une application d'authentification, par exemple), puis recommencez."
)
MFA = {"oidc_acr": "mfa"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address; it runs for as long as these tests."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if node is None:
        if os.environ.get("CI") == "true":
            raise FileNotFoundError("node")
        pytest.skip("Aucun node pour le fournisseur de connexion : `make setup` en installe un.")
    given = json.dumps({"secret": SECRET, "back": SITE + "/connexion/retour", "farewell": FAREWELL})
    with subprocess.Popen([node, SCRIPT, given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        address = running.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the provider did not start"
        yield address


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a test's settings have of their own."""
    return getattr(request, "param", {})


@pytest.fixture
def settings(database_url: str, issuer: str, chosen: dict[str, Any]) -> Settings:
    """A site that signs people in there, by settings alone."""
    return Settings(
        _env_file=None,
        demo=True,
        public_url=SITE,
        database_url=database_url,
        oidc_issuer=issuer,
        **{"oidc_profile": "standard", "oidc_client_id": "simple", "oidc_client_secret": SECRET, **chosen},
    )


@pytest.fixture
async def browser(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody's browser: the site is in this process, the rest is behind a real socket."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    here = {f"all://{urlsplit(SITE).netloc}": httpx2.ASGITransport(app=app)}
    async with httpx2.AsyncClient(base_url=SITE, mounts=here) as browser:
        yield browser


async def leave(browser: httpx2.AsyncClient) -> str:
    """Ask to sign in; where the browser is sent."""
    return await sent(browser, "/connexion?suite=/laboratoires")


async def sent(browser: httpx2.AsyncClient, address: str, **said: str) -> str:
    """Where an address sends the browser."""
    response = await browser.get(address, params=said or None)
    assert response.status_code == 303, response.text
    return urljoin(str(response.url), response.headers["location"])


async def answer(browser: httpx2.AsyncClient, address: str, **said: str) -> str:
    """Where the browser is sent once somebody told the provider who they are."""
    doorstep = await sent(browser, address)
    assert urlsplit(doorstep).path.startswith("/interaction/")
    return await sent(browser, await sent(browser, doorstep, **said))


async def sign_in(browser: httpx2.AsyncClient, **said: str) -> httpx2.Response:
    return await browser.get(await answer(browser, await leave(browser), **(said or {"sub": "alix"})))


async def is_alix(browser: httpx2.AsyncClient) -> bool:
    return "Alix Morvan" in (await browser.get("/")).text


def failure(response: httpx2.Response) -> tuple[int, str]:
    found = re.search(r'class="fr-alert [^"]*">\s*<p>(.*?)</p>', response.text)
    assert found
    return response.status_code, html.unescape(found[1])


# ── In


@pytest.mark.parametrize(
    "chosen", [{"oidc_client_id": "simple"}, {"oidc_client_id": "signed"}], indirect=True, ids=["plain", "signed"]
)
async def test_one_signs_in_by_settings_alone(issuer: str, database: Database, browser: httpx2.AsyncClient) -> None:
    asked = parse_qs(urlsplit(await leave(browser)).query)
    assert (asked["code_challenge_method"], len(asked["code_challenge"][0])) == (["S256"], 43)
    response = await sign_in(browser)
    assert (response.status_code, response.headers["location"]) == (303, "/laboratoires")
    assert await is_alix(browser)
    async with database.reading() as session:
        known = (await session.scalars(select(Identity))).one()
    assert (known.iss, known.sub, known.email) == (issuer, "alix", "alix.morvan@demo.example")


async def test_a_code_is_worth_nothing_with_another_verifier(database: Database, browser: httpx2.AsyncClient) -> None:
    back = await answer(browser, await leave(browser), sub="alix")
    async with database.transaction() as session:
        await session.execute(update(SignInAttempt).values(verifier=new_token()))
    assert failure(await browser.get(back)) == (400, i18n.gettext(REFUSED))
    assert not await is_alix(browser)


@pytest.mark.parametrize("chosen", [{"oidc_pkce": False}], indirect=True)
async def test_without_pkce_this_provider_asks_nobody(browser: httpx2.AsyncClient) -> None:
    back = await sent(browser, await leave(browser))
    assert failure(await browser.get(back)) == (400, i18n.gettext(REFUSED_TO_ASK))


@pytest.mark.parametrize("chosen", [{"oidc_client_secret": "un autre"}], indirect=True)
async def test_a_wrong_secret_lets_nobody_in(browser: httpx2.AsyncClient) -> None:
    assert failure(await sign_in(browser)) == (400, i18n.gettext(REFUSED))
    assert not await is_alix(browser)


async def test_one_may_change_ones_mind(browser: httpx2.AsyncClient) -> None:
    assert failure(await sign_in(browser, error="access_denied")) == (400, i18n.gettext(CANCELLED))
    assert not await is_alix(browser)


async def test_a_code_serves_once(browser: httpx2.AsyncClient) -> None:
    back = await answer(browser, await leave(browser), sub="alix")
    await browser.get(back)
    assert failure(await browser.get(back)) == (400, i18n.gettext(ELSEWHERE))
    state = parse_qs(urlsplit(await leave(browser)).query)["state"][0]
    used = parse_qs(urlsplit(back).query)["code"][0]
    response = await browser.get("/connexion/retour", params={"state": state, "code": used})
    assert failure(response) == (400, i18n.gettext(REFUSED))


async def test_two_tabs_sign_in_at_once(browser: httpx2.AsyncClient) -> None:
    first, second = await leave(browser), await leave(browser)
    for address in (await answer(browser, second, sub="alix"), await sent(browser, first)):
        assert (await browser.get(address)).headers["location"] == "/laboratoires"


async def test_tokens_live_a_minute(clock: Clock, browser: httpx2.AsyncClient) -> None:
    clock.at = datetime.now(UTC)
    back = await answer(browser, await leave(browser), sub="alix")
    clock.advance(minutes=5)
    assert failure(await browser.get(back)) == (400, i18n.gettext(NOT_BELIEVED))


# ── A second factor


@pytest.mark.parametrize("chosen", [MFA], indirect=True)
async def test_a_second_factor_is_asked_and_found(browser: httpx2.AsyncClient) -> None:
    response = await sign_in(browser, sub="alix", acr="mfa")
    assert (response.status_code, response.headers["location"]) == (303, "/laboratoires")
    assert await is_alix(browser)


@pytest.mark.parametrize("chosen", [MFA], indirect=True)
async def test_without_a_second_factor_the_provider_keeps_asking(browser: httpx2.AsyncClient) -> None:
    again = await answer(browser, await leave(browser), sub="alix", acr="pwd")
    assert urlsplit(again).path.startswith("/interaction/")
    back = await sent(browser, await sent(browser, again, error="unmet_authentication_requirements"))
    assert failure(await browser.get(back)) == (403, i18n.gettext(TOO_WEAK))
    assert not await is_alix(browser)


@pytest.mark.parametrize("chosen", [{**MFA, "oidc_acr": "mfa pwd"}], indirect=True)
async def test_several_levels_may_do(browser: httpx2.AsyncClient) -> None:
    await sign_in(browser, sub="alix", acr="pwd")
    assert await is_alix(browser)


# ── Out


async def test_signing_out_is_signing_out_there_too(issuer: str, browser: httpx2.AsyncClient) -> None:
    await sign_in(browser)
    assert (await sent(browser, await leave(browser))).startswith(SITE), "the provider knows this browser"
    leaving = (await browser.post("/deconnexion")).headers["refresh"].removeprefix("0; url=")
    assert leaving.startswith(f"{issuer}/session/end?")
    asked = await browser.get(leaving)
    assert asked.status_code == 200, asked.text
    (token,) = re.findall(r'name="xsrf" value="(\w+)"', asked.text)
    done = await browser.post(f"{issuer}/session/end/confirm", data={"xsrf": token, "logout": "yes"})
    assert done.headers["location"] == f"{FAREWELL}?state={browser.cookies['signout']}"
    home = await browser.get(done.headers["location"])
    assert (home.status_code, home.headers["location"], "signout" in browser.cookies) == (303, "/", False)
    assert not await is_alix(browser)
    assert "/interaction/" in await sent(browser, await leave(browser)), "the provider forgot this browser"

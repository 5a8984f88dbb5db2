"""Evidence: choose a published testimonial and cite it, on an indicator of a workshop or of the latest version."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server import paging
from server.forms import CitationForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.templating import page
from workshops import agenda, evidence, frameworks, indicators, labs, people, published, world
from workshops.agenda import Workshop
from workshops.evidence import Cited
from workshops.indicators import Card
from workshops.people import Person, Role
from workshops.published import Filters
from workshops.refusals import NotNow, NotThus, NotYours

LONGEST = 200  # characters, of what one looks for


async def choose(request: Request) -> Response:
    """What may be cited on an indicator, searched by words and by lab; what already is."""
    viewer, indicator_id = signed_in(request), request.path_params["indicator"]
    async with reading(request) as session:
        card, workshop = await evidence.require_citing(session, indicator_id, viewer)
        values = await _on_indicator(request, session, card, workshop, viewer)
    return page(request, "evidence/choose.html", **values, form={}, errors={})


async def cite(request: Request) -> Response:
    """Cite one, saying what it shows."""
    viewer, indicator_id = signed_in(request), request.path_params["indicator"]
    form = await read(request, CitationForm)
    try:
        async with transaction(request) as session:
            await evidence.cite(session, indicator_id, form.testimonial, because=form.because, by=viewer)
    except (NotThus, NotNow, NotYours) as refusal:
        async with reading(request) as session:
            card = await indicators.card(session, indicator_id)
            workshop = await agenda.get(session, card.indicator.workshop_id)
            values = await _on_indicator(request, session, card, workshop, viewer)
        return again(request, "evidence/choose.html", refusal, **values, form=await typed(request))
    return done(request, f"/indicateurs/{indicator_id}#evidence-{indicator_id}")


async def _on_indicator(
    request: Request, session: AsyncSession, card: Card, workshop: Workshop, viewer: Person
) -> dict[str, Any]:
    member = await agenda.seat(session, workshop.id, viewer)
    cited = (await evidence.of_workshop(session, workshop.id, [card.id])).get(card.id, ())
    return {
        "card": card,
        "workshop": workshop,
        "cited": cited,
        "removable": [each.id for each in cited if member and evidence.may_remove(each, member)],
        **await _choices(request, session, cited),
    }


async def choose_published(request: Request) -> Response:
    """The same, on an impact indicator of the latest version."""
    viewer, code = signed_in(request), request.path_params["item"]
    async with reading(request) as session:
        await people.require(session, viewer, Role.PUBLISHER)
        values = await _on_published(request, session, code)
    return page(request, "evidence/choose_published.html", **values, form={}, errors={})


async def cite_published(request: Request) -> Response:
    """Cite one beside the latest version: the next one will hold it."""
    viewer, code = signed_in(request), request.path_params["item"]
    form = await read(request, CitationForm)
    try:
        async with transaction(request) as session:
            await evidence.cite_in_framework(session, code, form.testimonial, because=form.because, by=viewer)
    except NotThus as refusal:
        async with reading(request) as session:
            values = await _on_published(request, session, code)
        return again(request, "evidence/choose_published.html", refusal, **values, form=await typed(request))
    return done(request, await _published_at(request, code))


async def _on_published(request: Request, session: AsyncSession, code: str) -> dict[str, Any]:
    item = await evidence.impact(session, code)
    cited = (await evidence.since(session, [code])).get(code, ())
    return {
        "item": item,
        "version": await frameworks.latest_version(session),
        "cited": cited,
        "removable": [each.id for each in cited],
        **await _choices(request, session, cited),
    }


async def _choices(request: Request, session: AsyncSession, cited: Iterable[Cited]) -> dict[str, Any]:
    """What is found of what was asked and not cited yet, a page at a time."""
    words, lab = request.query_params.get("mots", "")[:LONGEST], request.query_params.get("labo", "")
    filters = Filters(words=words, lab=lab, citable=True, without={each.quoted.id for each in cited})
    found = await published.found(session, filters, number=paging.asked(request) or 1)
    asked = {name: said for name, said in (("mots", words), ("labo", lab)) if said}
    return {
        "found": found,
        "query": f"?{urlencode(asked)}" if asked else "",
        "asked": {"mots": words, "labo": lab},
        "labs": [(slug, name) for slug, name, _region in await labs.names(session)],
        "key": world.new_id(),
    }


async def remove(request: Request) -> Response:
    """Take a citation off its indicator."""
    viewer = signed_in(request)
    async with transaction(request) as session:
        await evidence.remove(session, request.path_params["citation"], by=viewer)
    async with reading(request) as session:
        citation = await evidence.get(session, request.path_params["citation"])
    if citation.code:
        return done(request, await _published_at(request, citation.code))
    return done(request, f"/indicateurs/{citation.indicator_id}#evidence-{citation.indicator_id}")


async def _published_at(request: Request, code: str) -> str:
    """The page of an indicator in the latest version."""
    async with reading(request) as session:
        return f"/referentiel/{await frameworks.latest_version(session)}/{code}#evidence"

"""Answers: all that was told to a lab, what it answers in public, and the letters it writes."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from server import contacting, judging, paging
from server.forms import TextForm, read, typed
from server.gestures import again, done, reading, transaction
from server.identity import signed_in
from server.mail import Letter, Post
from server.templating import page
from workshops import answers, labs, memberships, moderation, queues, testimonials, world
from workshops.people import Person
from workshops.refusals import NotNow, NotThus, Refusal
from workshops.words import N_

ON_A_PAGE = 50


async def received(request: Request) -> Response:
    """All that was told to a lab, published or not, for its members."""
    viewer = signed_in(request)
    slug = request.path_params["slug"]
    async with reading(request) as session:
        lab = await labs.get(session, slug)
        await memberships.require_of(session, slug, viewer)
        count = await queues.count_received(session, slug)
        at = paging.paged(paging.asked(request), count, ON_A_PAGE)
        found = await queues.received(session, slug, offset=at.offset, limit=at.size)
        shown = await judging.received(session, found)
    return page(
        request,
        "answers/received.html",
        lab=lab,
        received=shown,
        count=count,
        number=at.number,
        pages=at.pages,
        **_nothing_typed(),
    )


def _nothing_typed() -> dict[str, Any]:
    return {"key": world.new_id(), "alone": False, "writes": "", "form": {}, "errors": {}, "refused": None}


async def answer(request: Request) -> Response:
    """Answer a published testimonial in public, in the name of the lab, once."""
    viewer = signed_in(request)
    testimonial_id = request.path_params["testimonial"]
    form = await read(request, TextForm)
    try:
        async with transaction(request) as session:
            await answers.answer(session, testimonial_id, text=form.text, by=viewer)
    except (NotThus, NotNow) as refusal:
        return await _again(request, viewer, refusal, "answer")
    return await _back(request)


async def write(request: Request) -> Response:
    """Write to an author who asked for it: the address is opened here, used once, and shown to nobody."""
    viewer = signed_in(request)
    letter: Letter | None = None
    try:
        text = answers.letter((await read(request, TextForm)).text)
        async with transaction(request) as session:
            letter = await _addressed(request, session, text, viewer)
    except (NotThus, NotNow) as refusal:
        return await _again(request, viewer, refusal, "letter")
    if letter:  # this very sending was not answered before
        Post.of(request).send(letter)
    return await _back(request)


async def _addressed(request: Request, session: AsyncSession, text: str, viewer: Person) -> Letter:
    """The letter, ready to leave; nothing is marked as answered when it cannot."""
    settings = request.app.state.settings
    contact = await answers.write_to(session, request.path_params["testimonial"], by=viewer)
    if not settings.sends_mail:
        raise NotNow(N_("Ce site n'envoie pas de courriel : rien n'est parti. Prévenez qui l'administre."))
    address = settings.seal.open(contact.sealed)
    if address is None:
        raise NotNow(
            N_(
                "Cette adresse ne s'ouvre plus : la clé qui l'avait chiffrée a changé. Rien n'est parti. Prévenez qui "
                "administre le site."
            )
        )
    testimonial = await testimonials.get(session, contact.testimonial_id)
    lab = await labs.get(session, testimonial.lab_slug)
    return contacting.letter(settings, address, lab, text)


async def _again(request: Request, viewer: Person, refusal: Refusal, writes: str) -> Response:
    """That testimonial alone, with what was typed. `writes`: in which form, the answer or the letter."""
    async with reading(request) as session:
        judged = await moderation.get(session, request.path_params["testimonial"])
        slug = judged.testimonial.lab_slug
        await memberships.require_of(session, slug, viewer)
        lab, shown = await labs.get(session, slug), await judging.received(session, [judged])
    values = {**_nothing_typed(), "alone": True, "writes": writes, "form": await typed(request)}
    values |= {"lab": lab, "received": shown, "count": 1, "number": 1, "pages": 1}
    del values["errors"], values["refused"]
    return again(request, "answers/received.html", refusal, **values)


async def _back(request: Request) -> Response:
    """To the testimonial, among those that the lab received."""
    testimonial_id = request.path_params["testimonial"]
    async with reading(request) as session:
        testimonial = await testimonials.get(session, testimonial_id)
    return done(request, f"/laboratoires/{testimonial.lab_slug}/temoignages-recus#temoignage-{testimonial_id}")

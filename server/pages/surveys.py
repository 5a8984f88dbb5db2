"""Surveys: those of a lab, the questions it writes, what the answers come to."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server import downloads, exports, floods, identity, tables, witnessing
from server.datasets import of_surveys
from server.floods import Doubted, Floods
from server.forms import BecauseForm, read, sent
from server.gestures import again, done, reading, sending, transaction
from server.i18n import PARIS
from server.identity import signed_in
from server.templating import page
from workshops import (
    audit,
    frameworks,
    labs,
    memberships,
    projects,
    questionnaires,
    responses,
    surveys,
    tabulations,
    touchpoints,
    world,
)
from workshops.people import Person
from workshops.questionnaires import Kind, Question
from workshops.refusals import NotThus
from workshops.tabulations import Results

BLANK = (Question(Kind.SCALE, ""), Question(Kind.SINGLE, ""), Question(Kind.TEXT, ""))
TEXTS = ("title", "purpose", "point", "code", "opens_on", "closes_on", "modele")


# ── A lab's own


async def index(request: Request) -> Response:
    """The surveys of a lab; whoever is of it may open another."""
    async with reading(request) as session:
        lab = await labs.get(session, request.path_params["slug"])
        is_member = await memberships.is_of(session, lab.slug, identity.person(request))
        found = await surveys.of_lab(session, lab.slug)
    templates = questionnaires.templates().values()
    return page(request, "surveys/index.html", lab=lab, is_member=is_member, found=found, templates=templates)


async def new(request: Request) -> Response:
    """The form of a survey: from a template, or from three empty questions."""
    viewer = signed_in(request)
    asked = {name: request.query_params.get(name, "") for name in TEXTS}
    async with reading(request) as session:
        values = await _writing(session, request.path_params["slug"], viewer, asked)
    model = values["model"]
    questions = model.questions if model else BLANK
    today, points = world.now().astimezone(PARIS).date().isoformat(), values["points"]
    only = points[0][0] if len(points) == 1 else ""
    form = {**asked, "opens_on": asked["opens_on"] or today, "point": asked["point"] or only}
    return page(request, "surveys/new.html", **values, form=form, questions=questions, errors={}, preview=False)


async def arrange(request: Request) -> Response:
    """The same form with a question more, less, or elsewhere, or with what it will look like; nothing is kept."""
    viewer = signed_in(request)
    form = await _typed(request)
    gesture = form.get("do", "")
    questions = questionnaires.arranged(questionnaires.typed(form), gesture)
    async with reading(request) as session:
        values = await _writing(session, request.path_params["slug"], viewer, form)
    preview = gesture == "preview"
    return page(
        request, "surveys/new.html", **values, form=form, questions=questions, preview=preview, errors={}
    )


async def open(request: Request) -> Response:
    """Open it."""
    viewer = signed_in(request)
    slug = request.path_params["slug"]
    form = await _typed(request)
    questions = questionnaires.typed(form)
    opened: str | None = None
    try:
        async with transaction(request) as session:
            survey = await surveys.open(
                session,
                slug,
                point_id=form.get("point", ""),
                title=form.get("title", ""),
                purpose=form.get("purpose", ""),
                code=form.get("code", ""),
                opens_at=_moment(form.get("opens_on", ""), time()),
                closes_at=_moment(form.get("closes_on", ""), time(23, 59, 59)),
                questions=questions,
                by=viewer,
            )
            opened = survey.id
    except NotThus as refusal:
        async with reading(request) as session:
            values = await _writing(session, slug, viewer, form)
        return again(request, "surveys/new.html", refusal, **values, form=form, questions=questions, preview=False)
    if opened is None:  # this very sending was answered: its gesture tells of which survey
        async with reading(request) as session:
            opened = (await audit.get(session, request.state.gestures[audit.PLATFORM])).about
    return done(request, f"/enquetes/{opened}", enquete=opened)


def _moment(day: str, at: time) -> datetime | None:
    """A moment of a day in Paris; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(day), at, PARIS)
    except ValueError:
        return None


async def _typed(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await sent(request)).items()}


async def _writing(session: AsyncSession, slug: str, viewer: Person, form: Mapping[str, str]) -> dict[str, Any]:
    """What the form needs besides what was typed: for members of the lab."""
    lab = await labs.get(session, slug)
    await memberships.require_of(session, slug, viewer)
    points = [point for point, retirement in await touchpoints.of(session, slug) if not retirement]
    template = questionnaires.template(form["modele"]) if form.get("modele") else None
    return {
        "lab": lab,
        "points": [(point.id, point.name) for point in points],
        "impacts": [(code, f"{code} · {title}") for code, title in (await surveys.impacts(session)).items()],
        "model": template,
        "kinds": list(Kind),
        "scored": questionnaires.known(),
        "most": questionnaires.MOST,
        "key": form.get("key") or world.new_id(),
    }


async def close(request: Request) -> Response:
    """Close it before its end."""
    viewer = signed_in(request)
    survey_id = request.path_params["survey"]
    try:
        form = await read(request, BecauseForm)
        async with transaction(request) as session:
            await surveys.close(session, survey_id, because=form.because, by=viewer)
    except NotThus as refusal:
        return again(request, "surveys/show.html", refusal, **await _shown(request), form=await _typed(request))
    return done(request, f"/enquetes/{survey_id}")


async def texts(request: Request) -> Response:
    """What people wrote, for members of the lab."""
    viewer = signed_in(request)
    survey_id = request.path_params["survey"]
    async with reading(request) as session:
        written = await responses.texts(session, survey_id, by=viewer)
        known = await surveys.known(session, survey_id)
        lab = await labs.get(session, known.survey.lab_slug)
    questions = [
        (place, question, written.get(place, []))
        for place, question in enumerate(known.survey.asks, 1)
        if question.kind is Kind.TEXT
    ]
    return page(request, "surveys/texts.html", survey=known.survey, lab=lab, questions=questions)


# ── For everybody


async def show(request: Request) -> Response:
    """What is asked, by whom, for what, until when; and the button to begin."""
    shown = page(request, "surveys/show.html", **await _shown(request), form={}, errors={}, refused=None)
    # On a shared screen, the form of before would open what somebody else answered.
    shown.headers["Cache-Control"] = "no-store"
    return shown


async def _shown(request: Request) -> dict[str, Any]:
    async with reading(request) as session:
        known = await surveys.known(session, request.path_params["survey"])
        is_member = await memberships.is_of(session, known.survey.lab_slug, identity.person(request))
        values = await _about(session, known.survey)
    return {"known": known, "is_member": is_member, **values, "key": witnessing.new_sending()}


async def _about(session: AsyncSession, survey: surveys.Survey) -> dict[str, Any]:
    titles = await projects.titles(session, [survey.project_id]) if survey.project_id else {}
    return {
        "survey": survey,
        "lab": await labs.get(session, survey.lab_slug),
        "point": await touchpoints.get(session, survey.touchpoint_id),
        "project": titles.get(survey.project_id or ""),
        "latest": await frameworks.latest_version(session) if survey.code else None,
    }


async def begin(request: Request) -> Response:
    """Begin to answer, under a key that only whoever sent this form has; the same form twice is one response."""
    survey_id, named = request.path_params["survey"], await sending(request)
    async with reading(request) as session:
        await surveys.known(session, survey_id)
    key = witnessing.key_of(named, request.app.state.settings.secret_key, f"survey {survey_id}")
    try:
        if not await _is_begun(request, key):
            # As many as may testify at a touch-point may answer there: what floods one leaves the other alone.
            await Floods.of(request).admit(request, survey_id, named.key if named else "")
    except Doubted as doubted:
        return await floods.ask(request, doubted)
    async with transaction(request) as session:
        await responses.begin(session, survey_id, key=key)
    return done(request, f"/enquetes/reponses/{key}/1", suivi=key)


async def _is_begun(request: Request, key: str) -> bool:
    async with reading(request) as session:
        return await responses.is_begun(session, key)


async def results(request: Request) -> Response:
    """What the answers come to, with how many they are and what they do not say."""
    found = await _results(request)
    survey = found.known.survey
    async with reading(request) as session:
        values = await _about(session, survey)
        is_member = await memberships.is_of(session, survey.lab_slug, identity.person(request))
    return page(request, "surveys/results.html", **values, found=found, known=found.known, is_member=is_member)


async def results_json(request: Request) -> Response:
    """The counts and the scores, for programs."""
    return JSONResponse(exports.survey(await _results(request)), headers=downloads.OPEN)


async def results_csv(request: Request) -> Response:
    """The counts, a line for each choice."""
    found = await _results(request)
    text = tables.as_csv(of_surveys.RESULTS, of_surveys.rows(found))
    name = f"enquete-{found.known.survey.id}.csv"
    headers = {**downloads.OPEN, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


async def _results(request: Request) -> Results:
    async with reading(request) as session:
        return await tabulations.results(session, request.path_params["survey"])

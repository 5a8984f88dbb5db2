"""Forms: one small model each; `read` turns what was sent into it, or says in French what does not hold."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.settings import MAX_BODY
from workshops.agenda import Stage, Start
from workshops.people import Role
from workshops.refusals import NotThus
from workshops.sheet import FIELDS
from workshops.words import N_

SENTENCES = {
    "date_from_datetime_parsing": N_("Une date s'écrit 2026-11-23."),
    "date_parsing": N_("Une date s'écrit 2026-11-23."),
    "enum": N_("Choisissez dans la liste."),
    "int_parsing": N_("Un nombre entier est attendu."),
    "missing": N_("Ce champ est nécessaire."),
    "string_too_long": N_("C'est trop long : raccourcissez un peu. Rien n'est perdu."),
}


MOST_FILES = 10  # in the place of texts; who sends more is told nothing


class Form(BaseModel):
    """Texts as typed: the domain cleans and judges them."""

    model_config = ConfigDict(extra="ignore", str_max_length=20_000)


class JoinForm(Form):
    name: str = ""
    lab: str = ""


class MailForm(Form):
    address: str = ""
    suite: str = ""


class NameForm(Form):
    name: str = ""


class WorkshopForm(Form):
    title: str = ""
    purpose: str = ""
    held_on: date
    prepares: str = ""
    start: Start
    schedule: str = ""


class ScheduleForm(Form):
    schedule: str = ""
    base: int


class StartForm(Form):
    place: int


class ExtendForm(Form):
    minutes: int
    base: int


class StopForm(Form):
    timer: str = ""


class NoteForm(Form):
    text: str = ""
    base: int


class StageForm(Form):
    stage: Stage


class CommentForm(Form):
    field: str = ""
    text: str = ""
    answers: str = ""


class BecauseForm(Form):
    because: str = ""


class PointForm(Form):
    """A touch-point; `project_id`: one of the lab's, `project`: the title of a new one."""

    name: str = ""
    sort: str = ""
    project_id: str = ""
    project: str = ""


class ReplacementForm(Form):
    name: str = ""
    because: str = ""


class CitationForm(BecauseForm):
    testimonial: str = ""


class ConclusionForm(Form):
    because: str = ""
    answer: str = ""


class MergeForm(Form):
    into: str = ""
    because: str = ""


class TextForm(Form):
    text: str = ""


class ObjectionForm(TextForm):
    indicator: str = ""


class PositionForm(Form):
    """A position on the whole set; `set`: the fingerprint of the texts that were read."""

    choice: str = ""
    set: str = ""


class InvitationForm(Form):
    role: Role
    workshop: str = ""
    lab: str = ""


class TermsForm(Form):
    version: str = ""
    then: str = "/"


class BallotForm(Form):
    """A ballot of any method: a choice, a grade, or a score on each axis."""

    wording: int
    round: int | None = None
    choice: str = ""
    grade: str = ""
    relevance: str = ""
    measurability: str = ""
    reason: str = ""

    @property
    def ballot(self) -> str:
        """What was said, as the announced rule writes it."""
        scores = f"{self.relevance}/{self.measurability}" if self.relevance or self.measurability else ""
        return self.choice or self.grade or scores


class RoundForm(Form):
    round: int


class BaseForm(Form):
    base: int


class DecisionForm(BaseForm):
    """What is decided of a testimonial; `base`: the revision that was read."""

    verdict: str = ""
    reason: str = ""
    note: str = ""


class AmendmentForm(Form):
    base: int
    why: str = ""


class AnswerForm(Form):
    answer: str = ""


class PrepareForm(Form):
    version: str = ""
    raised: str = ""
    note: str = ""
    review_until: date | None = None

    @field_validator("review_until", mode="before")
    @classmethod
    def _none_when_empty(cls, typed: Any) -> Any:
        return typed or None


class ReviewForm(Form):
    code: str = ""
    field: str = ""
    text: str = ""
    name: str = ""


class VerdictForm(Form):
    verdict: str = ""
    text: str = ""


class FaceForm(Form):
    """How it went. `point`: what the link of a touch-point ends with; without one, `lab` says where."""

    face: str = ""
    point: str = ""
    lab: str = ""


class TellForm(Form):
    """The rest of a testimonial. `traces`: what to do with personal data found in it, once one has been told of them."""

    face: str = ""
    happened: str = ""
    changed: str = ""
    name: str = ""
    capacity: str = ""
    clarity: str = ""
    heard: str = ""
    may_publish: bool = False
    may_cite: bool = False
    wants_contact: bool = False
    email: str = ""
    traces: str = ""


class ReceiptForm(Form):
    code: str = ""


class TakeBackForm(Form):
    evidence: bool = False
    contact: bool = False


class AppealForm(Form):
    appeal: str = ""


class ImportForm(Form):
    """A framework of others, in a file or as text. `received`: the bytes of a file sent before, in base 64."""

    model_config = ConfigDict(str_max_length=MAX_BODY)

    title: str = ""
    source: str = ""
    address: str = ""
    dated: str = ""
    keeping: str = ""
    text: str = ""
    received: str = ""
    file_name: str = ""


AnyForm = TypeVar("AnyForm", bound=Form)


@dataclass(frozen=True)
class File:
    """A file that came with a form."""

    name: str
    content: bytes


async def file(request: Request, field: str) -> File | None:
    """The file of a field; None when nobody chose one. A page that takes a file asks this before it reads the form."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 9 or int(length) > MAX_BODY):  # what says that it is too long is not read
        raise HTTPException(413)
    found = None
    for name, part in (await sent(request, files=1)).multi_items():
        if isinstance(part, UploadFile):
            request.state.file = File(part.filename or "", await part.read())
            await part.close()
            if name != field:
                raise HTTPException(400)
            found = request.state.file if part.filename else None
    return found


async def sent(request: Request, *, files: int = 0) -> FormData:
    """What was sent, as it was; a repeated field keeps all its values. It is read once: who takes files reads first.

    Nobody types a NUL or half a character, and no database or file keeps one: 400.
    """
    try:
        form = await request.form(max_files=files, max_fields=500)
    except UnicodeError:  # the sender names the charset of a multipart, and some read nothing
        raise HTTPException(400) from None
    if not all(_is_text(str(part)) for field in form.multi_items() for part in field):
        raise HTTPException(400)
    return form


def told(request: Request, part: UploadFile | str) -> str:
    """A field as a text; a file, which was read already, is told by the digest of what it holds."""
    return part if isinstance(part, str) else hashlib.sha256(request.state.file.content).hexdigest()


def _is_text(part: str) -> bool:
    return "\0" not in part and not any("\ud800" <= character <= "\udfff" for character in part)


async def read(request: Request, form: type[AnyForm]) -> AnyForm:
    """The form, or NotThus naming each field that does not hold, or where a file is in the place of a text."""
    said = await sent(request)
    files = [name for name, part in said.multi_items() if isinstance(part, UploadFile)]
    if files and not hasattr(request.state, "file"):  # `file` reads the one that a page expects
        raise NotThus(dict.fromkeys(files, N_("C'est un texte qui est attendu ici, pas un fichier : rien n'a été envoyé.")))
    try:
        return form.model_validate(dict(said))
    except ValidationError as error:
        raise NotThus(
            {str(e["loc"][0]): SENTENCES.get(e["type"], N_("Cette valeur ne convient pas.")) for e in error.errors()}
        ) from None


async def typed(request: Request) -> dict[str, Any]:
    """Every field as typed, to show the form again."""
    return dict(await sent(request))


async def texts(request: Request) -> dict[str, str]:
    """Every field as typed, where a file may come in the place of a text: `read`, asked next, refuses it in a sentence."""
    form = await sent(request, files=MOST_FILES)
    await form.close()
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def passages(request: Request) -> list[str]:
    """The passages to mask: those that are ticked, and the one that was typed."""
    return [str(value) for value in (await sent(request)).getlist("passages")]


async def typed_grades(request: Request) -> dict[int, str]:
    """The grade given to each candidate, by its number, as sent."""
    found = ((re.fullmatch(r"grade-([0-9]{1,4})", name), value) for name, value in (await sent(request)).items())
    return {int(named[1]): str(value) for named, value in found if named}


async def typed_sheet(request: Request) -> dict[str, str | list[str]]:
    """The fields of a sheet as typed; a list field keeps all its values."""
    return _sheet(await sent(request))


def asked_sheet(request: Request) -> dict[str, str | list[str]]:
    """The fields of a sheet that an address carries, those left empty apart."""
    return {name: value for name, value in _sheet(request.query_params).items() if value}


def _sheet(form: ImmutableMultiDict[str, Any]) -> dict[str, str | list[str]]:
    return {
        field.name: [str(value) for value in form.getlist(field.name)]
        if field.kind == "choices"
        else str(form[field.name])
        for field in FIELDS
        if field.name in form
    }

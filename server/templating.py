"""Templates: the Jinja environment, a whole page, one block of it."""

import hashlib
from collections.abc import Hashable, Iterable, MutableMapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server import i18n
from server.settings import ROOT
from workshops import world
from workshops.agenda import Stage
from workshops.canonical import digest
from workshops.changes import readable
from workshops.consensus import ANNOUNCED, Axis, Choice, Grade, Outcome, Rule
from workshops.consents import Position
from workshops.crosswalks import Fate
from workshops.lineage import ALONE
from workshops.people import TERMS
from workshops.personal import MASK
from workshops.rules import WORDS
from workshops.sheet import BY_NAME, FIELDS, Field, Sheet, missing
from workshops.votes import Vote
from workshops.words import Word

STATIC = ROOT / "server" / "static"
MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": False}).disable(
    ["image", "heading", "lheading", "html_block"]
)
PARTS = {
    "card": "indicators/_card.html",
    "text": "indicators/_text.html",
    "tally": "indicators/_tally.html",
    "ballot": "indicators/_ballot.html",
    "evidence": "indicators/_evidence.html",
    "said": "indicators/_said.html",
}
REASON = "\0"  # the place of a person's reason in what others see alike; nobody can write one: `forms.sent`
PERSONAL = ("card", "ballot")  # parts that depend on who looks
TAGS = {"p", "br", "em", "strong", "ul", "ol", "li", "a", "code", "blockquote", "pre", "hr"}


class Item(Protocol):
    """What a part is drawn from, and where its drawings are kept."""

    @property
    def drawn(self) -> MutableMapping[tuple[str, Hashable], Markup]: ...

    @property
    def alike(self) -> Hashable | None: ...

    @property
    def reason(self) -> str: ...

    @property
    def unsigned(self) -> "Item": ...


def environment() -> Environment:
    """The one Jinja environment. Undefined names are errors; French sentences pass through `_`."""
    jinja = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    jinja.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    jinja.globals["_"] = said
    jinja.filters.update(
        day=i18n.day,
        month=i18n.month,
        on=i18n.on,
        moment=i18n.moment,
        clock=i18n.clock,
        hour=i18n.hour,
        number=i18n.number,
        tenth=i18n.tenth,
        lasting=i18n.lasting,
        markdown=markdown,
        typeset=i18n.typeset,
        options=options,
    )
    jinja.globals.update(
        static=static,
        now=now,
        part=part,
        sheet_label=sheet_label,
        sheet_rows=sheet_rows,
        field_rows=field_rows,
        fields=FIELDS,
        labels={field.name: field.label for field in FIELDS},
        choices=list(Choice),
        axes=list(Axis),
        grades=list(reversed(Grade)),
        outcomes=list(Outcome),
        fates={fate.value: fate for fate in Fate},
        positions=list(Position),
        rule_words=WORDS,
        ballot_key=ballot_key,
        stages=list(Stage),
        terms=TERMS,
        mask=MASK,
    )
    jinja.globals["ui"] = jinja.get_template("ui.html").module
    return jinja


def now() -> int:
    """The server's clock, in milliseconds: what screens count time by."""
    return round(world.now().timestamp() * 1000)


def said(sentence: str, **values: Any) -> Markup:
    """A sentence in a template, its values escaped: what Jinja's own `_` says, without formatting it anew each time."""
    return _format(sentence) % values if values else _plain(sentence)


@lru_cache(4096)
def _plain(sentence: str) -> Markup:
    return _format(sentence) % {}


@lru_cache(4096)
def _format(sentence: str) -> Markup:
    return Markup(i18n.gettext(sentence))  # noqa: S704  our own sentences


def markdown(text: str) -> Markup:
    """A person's markdown as safe HTML: text, lists, links; no image, no heading, no raw HTML."""
    html = nh3.clean(MARKDOWN.render(text), tags=TAGS, attributes={"a": {"href"}}, link_rel="nofollow noopener ugc")
    return Markup(html)  # noqa: S704  cleaned just above


def options(items: Iterable[Word | Field]) -> list[tuple[str, str]]:
    """What a list of choices shows: (value, label)."""
    return [_option(item) for item in items]


def _option(item: Word | Field) -> tuple[str, str]:
    if isinstance(item, Field):
        return item.name, i18n.gettext(item.label)
    return item.value, i18n.gettext(item.label)


def field_rows(sheet: Sheet) -> list[tuple[str, str, str]]:
    """The filled fields of a sheet as (name, label, what to show)."""
    return [
        (field.name, i18n.gettext(field.label), _shown(field, sheet)) for field in FIELDS if field.name in sheet
    ]


def sheet_label(name: str) -> str:
    """What people call a field of the sheet."""
    return i18n.gettext(BY_NAME[name].label)


def sheet_rows(sheet: Sheet, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """A sheet as (label, what to show): filled fields, and the empty ones that adoption will require."""
    lacking = set(missing(sheet))
    shown = [field for field in FIELDS if field.name in sheet or field in lacking]
    return [(i18n.gettext(field.label), _shown(field, sheet)) for field in shown if field.name not in without]


def _shown(field: Field, sheet: Sheet) -> str:
    """A field's value for a page."""
    if field.kind == "markdown" and field.name in sheet:
        return markdown(sheet[field.name])
    if isinstance(sheet.get(field.name), int | float):
        return i18n.number(sheet[field.name])
    return readable(field, sheet)


@cache
def static(path: str) -> str:
    """The address of a static file; it changes when the file does, so browsers may keep it for ever."""
    file: Path = STATIC / path
    if not file.is_file():
        return f"/static/{path}"
    return f"/static/{path}?v={fingerprint(file.read_bytes())}"


def fingerprint(content: bytes) -> str:
    """What the address of a static file says of what it holds."""
    return hashlib.sha256(content).hexdigest()[:12]


def page(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A whole page."""
    html = JINJA.get_template(template).render(**_everywhere(request), **values)
    return HTMLResponse(html, status_code=status_code)


class Once:
    """A page that a whole room of strangers asks for: drawn once for all, while it says the same."""

    def __init__(self, template: str, most: int = 100) -> None:
        self.template = template
        self.most = most
        self._drawn: dict[Hashable, str] = {}

    def page(self, request: Request, says: Hashable, **values: Any) -> HTMLResponse:
        """The page for somebody who is nobody yet. `says`: all that the template reads of `values`."""
        everywhere = {**_everywhere(request), "person": None}
        key = (says, *everywhere.values())
        if key not in self._drawn:
            if len(self._drawn) >= self.most:
                self._drawn.clear()
            self._drawn[key] = JINJA.get_template(self.template).render(**everywhere, **values)
        return HTMLResponse(self._drawn[key])


def block(template: str, name: str, **values: Any) -> str:
    """One block of a template, drawn without a viewer."""
    return str(render_block(JINJA, template, name, **values))


def part(name: str, item: Item) -> Markup:
    """A part of an indicator in a list, drawn once while it says the same, and to those who see it alike."""
    alike = item.alike if name in PERSONAL else "everyone"
    drawn = item.drawn.get((name, alike))
    if drawn is None:
        drawn = Markup(block(PARTS[name], name, item=item.unsigned))  # noqa: S704  our own template
        if alike is not None:
            item.drawn[name, alike] = drawn
    return _signed(drawn, item.reason)


def own_ballot(item: Item) -> str:
    """A person's own ballot on the current wording of an indicator."""
    return block("indicators/_ballot_form.html", "ballot_form", item=item, errors={}, form={})


def cast_ballot(id: str, vote: Vote, rule: Rule) -> str:
    """A person's own ballot when their vote is all there is to show."""
    return _signed(_cast_ballot(id, vote.wording, vote.choice, bool(vote.reason), rule), vote.reason)


@lru_cache(4096)
def _cast_ballot(id: str, number: int, choice: str, has_reason: bool, rule: Rule) -> Markup:
    """The ballot of all those who said this; the place of the reason is left to be filled."""
    own = {"current": {"choice": choice, "reason": REASON if has_reason else ""}, "earlier": None, "ancestor": None, "results": None}
    item = {"id": id, "number": number, "round": 1, "former": None, "rule": rule, "kin": ALONE, "own": own}
    html = block("indicators/_ballot_form.html", "ballot_form", item=item, errors={}, form={})
    return Markup(html)  # noqa: S704  our own template


@lru_cache(4096)
def ballot_key(number: int, round: int, rule: Rule, ancestors: int) -> str:
    """What a ballot is for, in its id: another text, round or rule, or one more indicator that this one comes from, is
    another ballot on every screen."""
    parts = [str(number)]
    if rule != ANNOUNCED:
        parts.append(digest(rule.published())[:6])
    if round > 1:
        parts.append(f"t{round}")
    if ancestors:
        parts.append(f"l{ancestors}")
    return "-".join(parts)


def _signed(drawn: Markup, reason: str) -> Markup:
    return Markup(drawn.replace(REASON, escape(reason))) if reason else drawn  # noqa: S704  escaped


def partial(target: str, html: str, swap: str = "outerMorph") -> str:
    """A block with its place, as htmx wants it in an answer or a live frame."""
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


def redraw(request: Request, template: str, name: str, status_code: int = 200, **values: Any) -> Response:
    """The answer to a form: one block, in place of the form's target."""
    return HTMLResponse(block(template, name, **{**_everywhere(request), **values}), status_code=status_code)


def is_partial(request: Request) -> bool:
    """Whether htmx asked, and will put the answer in a part of its page."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-request-type") != "full"


def _everywhere(request: Request) -> dict[str, Any]:
    settings = request.app.state.settings
    return {
        "person": getattr(request.state, "person", None),
        "path": request.url.path,
        "demo": settings.demo,
        "by_mail": settings.sends_mail,
        "state_identity": settings.state_identity,
    }


JINJA = environment()

"""What the site promises: its terms of use, what it keeps of people."""

from starlette.requests import Request
from starlette.responses import Response

from server import floods, maillinks, sessions
from server.forms import TermsForm, read
from server.gestures import done, reading, transaction
from server.identity import local_path, signed_in
from server.sessions import ACCOUNT_IDLE, ACCOUNT_LIFE, GUEST_LIFE
from server.sweeping import RECEIPT_LIFE
from server.templating import page
from workshops import people, retention
from workshops.invitations import LIFE
from workshops.people import TERMS


async def terms(request: Request) -> Response:
    """The terms of use; whoever has an account says that they accept them."""
    return page(request, "legal/terms.html", version=TERMS, then=local_path(request.query_params.get("suite")))


async def accept_terms(request: Request) -> Response:
    """The version one read is the version one accepted."""
    viewer = signed_in(request)
    form = await read(request, TermsForm)
    async with transaction(request) as session:
        await people.accept_terms(session, viewer, form.version)
    sessions.reread(request)
    return done(request, local_path(form.then))


async def privacy(request: Request) -> Response:
    """What is kept, why, for how long, and one's rights; the delays are those that the programs apply."""
    async with reading(request) as session:
        last = await retention.latest(session)
    return page(
        request,
        "legal/privacy.html",
        guest_days=GUEST_LIFE.days,
        account_hours=int(ACCOUNT_LIFE.total_seconds() // 3600),
        idle_hours=int(ACCOUNT_IDLE.total_seconds() // 3600),
        mail_minutes=int(maillinks.LIFE.total_seconds() // 60),
        receipt_hours=int(RECEIPT_LIFE.total_seconds() // 3600),
        invitation_days=LIFE.days,
        delays=request.app.state.settings.delays,
        flood_minutes=int(floods.WINDOW.total_seconds() // 60),
        last_at=last[0] if last else None,
        erased=list(last[1].counts.items()) if last else [],
    )

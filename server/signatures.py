"""Signatures: who is who in a workshop, to sign what was said there."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import attachments, labs
from workshops.agenda import Member


@dataclass(frozen=True)
class Cast:
    """Everybody's name and lab, by person, and by the guest that some were before."""

    members: dict[str, Member]
    labs: dict[str, str]

    def name(self, person_id: str | None) -> str:
        member = self.members.get(person_id or "")
        return member.name if member else ""

    def lab(self, person_id: str | None) -> str:
        member = self.members.get(person_id or "")
        return self.labs.get(member.lab_slug or "", "") if member else ""

    def lab_slug(self, person_id: str | None) -> str | None:
        member = self.members.get(person_id or "")
        return member.lab_slug if member else None


async def cast(session: AsyncSession, workshop_id: str) -> Cast:
    """Who is who in a workshop. Two queries."""
    return Cast(await attachments.members(session, workshop_id), await labs.called(session))

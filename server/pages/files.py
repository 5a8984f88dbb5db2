"""Files: those of a published version, each at an address where it stays."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from server import downloads
from server.datafiles import drawing
from server.datafiles.catalogue import BY_ENDING
from server.gestures import reading
from workshops import frameworks
from workshops.frameworks import Framework


async def as_json(request: Request) -> Response:
    """The document whose fingerprint is published."""
    return await _file(request, ".json")


async def json_schema(request: Request) -> Response:
    """What such a document may be."""
    return await _file(request, ".schema.json")


async def as_csv(request: Request) -> Response:
    """One line an indicator, one column a field of the sheet, then what was decided."""
    return await _file(request, ".csv")


async def table_schema(request: Request) -> Response:
    """What each column of the table says."""
    return await _file(request, ".tableschema.json")


async def as_xlsx(request: Request) -> Response:
    """The tables and their dictionary in one workbook."""
    return await _file(request, ".xlsx")


async def as_ods(request: Request) -> Response:
    """The same workbook, in the open format."""
    return await _file(request, ".ods")


async def as_jsonld(request: Request) -> Response:
    """Concepts, and the catalogue of these files."""
    return await _file(request, ".jsonld")


async def passage_csv(request: Request) -> Response:
    """What each indicator of the version before became."""
    return await _file(request, "/passage.csv")


async def passage_schema(request: Request) -> Response:
    """What each column of that table says."""
    return await _file(request, "/passage.tableschema.json")


async def passage_jsonld(request: Request) -> Response:
    """The same, as mappings between concepts."""
    return await _file(request, "/passage.jsonld")


async def _file(request: Request, ending: str) -> Response:
    async with reading(request) as session:
        framework = await frameworks.fetch(session, request.path_params["version"])
    return downloads.held(request, framework.fingerprint) or await _drawn(request, framework, ending)


async def _drawn(request: Request, framework: Framework, ending: str) -> Response:
    file, home = BY_ENDING[ending], request.app.state.settings.public_url
    body = await asyncio.to_thread(drawing.draw, ending, framework.content, home)
    return downloads.file(
        framework.fingerprint, body, file.media, file.name(framework.version), inline=not file.attached
    )

"""The command line: what an administrator does, and what anyone may check."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select
from starlette.responses import JSONResponse
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server import checking, exports, gestures, i18n, identity, migrating, scenes, settings
from server.database import Database
from server.demo import story
from server.settings import Misconfigured, Settings
from workshops import agenda, frameworks, journal, labs, people, world
from workshops.agenda import Stage, Workshop
from workshops.frameworks import Exceptional
from workshops.journal import Entry, Receipt
from workshops.people import Identity, Person, Role
from workshops.refusals import NotFound, NotThus, Refusal

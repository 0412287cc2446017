"""Imports every models module, so that migrations, tests and workers see all tables."""

import server.accounts.models
import server.core.jobs
import server.core.removals
import server.events.models
import server.live.models
import server.playback.models
import server.recordings.models
import server.search.models
import server.sessions.imports.models
import server.sessions.models
import server.slides.models
import server.uploads.models
import server.webhooks.models  # noqa: F401 -- registers its tables
from server.core.db import Base

metadata = Base.metadata
__all__ = ["metadata"]

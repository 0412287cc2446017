"""Imports every module that registers handlers: a job's name resolves once this is imported."""

import workers.audio
import workers.chunks
import workers.deck_links
import workers.downloads
import workers.follow_ups
import workers.live_cuts
import workers.live_join
import workers.mail
import workers.poster
import workers.programmes
import workers.recordings
import workers.search
import workers.slide_match
import workers.slides
import workers.webhooks  # noqa: F401 -- registers its handlers

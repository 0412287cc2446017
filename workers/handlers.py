"""Imports every module that registers handlers: a job's name resolves once this is imported."""

import workers.follow_ups
import workers.recordings  # noqa: F401 -- registers its handlers

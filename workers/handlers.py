"""Imports every module that registers handlers: a job's name resolves once this is imported."""

import workers.mail  # noqa: F401

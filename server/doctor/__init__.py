"""`semma doctor`: look at everything a deployment stands on; say what was found, what is wrong and what to do."""

from server.doctor.examine import Report, as_text, examine
from server.doctor.findings import Finding

__all__ = ["Finding", "Report", "as_text", "examine"]

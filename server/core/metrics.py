"""Counters and histograms every process may use, in the Prometheus text format."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

HTTP_SECONDS = Histogram(
    "semma_http_request_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ["method", "route", "status"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
UPLOADED_BYTES = Counter("semma_uploaded_bytes_total", "Bytes acknowledged to uploading clients.")
MEDIA_BYTES = Counter("semma_media_bytes_total", "Bytes of media streamed by this process.")
JOBS_ENDED = Counter("semma_jobs_ended_total", "Jobs that ended in this process.", ["name", "state"])
JOBS_WAITING = Gauge("semma_jobs_waiting", "Jobs that wait, by queue.", ["queue"])
JOB_OLDEST_S = Gauge("semma_job_oldest_waiting_seconds", "Age of the oldest job that waits, by queue.", ["queue"])
RECORDINGS = Gauge("semma_recordings", "Recordings by state.", ["state"])
LIVE_ROOMS = Gauge("semma_live_rooms", "Rooms on air, by who sends: main, backup, or away for nobody.", ["encoder"])
LIVE_WAITING = Gauge("semma_live_segments_waiting", "Closed live segments that the object storage does not have yet.")
LIVE_OLDEST_S = Gauge("semma_live_oldest_waiting_seconds", "Age of the oldest live segment that waits for the storage.")
DISK_FREE_BYTES = Gauge("semma_disk_free_bytes", "Free bytes where the data directory is.")


def render_metrics() -> tuple[bytes, str]:
    """The present values and their content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST

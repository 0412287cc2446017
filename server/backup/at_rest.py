"""The object storage of a data directory, whether `semma up` runs on it or not."""

import contextlib
from collections.abc import Iterator, Mapping

from server.core.settings import Settings, read_settings
from server.engine import running
from server.engines import describe_s3
from server.local import data_dir_of, local_environment
from server.supervise.checks import AlreadyRunning, check_folder, sole_instance


@contextlib.contextmanager
def settings_with_storage(environ: Mapping[str, str], *, alone: bool) -> Iterator[Settings]:
    """Settings whose object storage answers while the block lasts.

    Given by the environment, it is used as it is. The embedded one is used where `semma up` runs it, and otherwise
    started for the block. With `alone`, a running `semma up` is refused (raises AlreadyRunning).
    """
    if environ.get("S3_ENDPOINT_URL"):
        yield read_settings(local_environment(environ))
        return
    data_dir = data_dir_of(environ)
    check_folder(data_dir)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(sole_instance(data_dir, patience_s=1.0))
        except AlreadyRunning:
            if alone:
                raise
            yield read_settings(local_environment(environ))
            return
        engine = describe_s3(data_dir / "s3", bucket=environ.get("S3_BUCKET") or "semma")
        stack.enter_context(running(engine))
        given = {
            **local_environment(environ),
            "S3_ENDPOINT_URL": engine.endpoint_url,
            "S3_BUCKET": engine.bucket,
            "AWS_ACCESS_KEY_ID": engine.access_key_id,
            "AWS_SECRET_ACCESS_KEY": engine.secret_access_key,
        }
        yield read_settings(given)

"""Settings, secrets, ids, logs: the plain parts."""

from pathlib import Path

import pytest

from server.core.errors import Invalid
from server.core.ids import hash_secret, is_slug, new_id, new_secret, slugify
from server.core.log import redact, redact_text
from server.core.secrets import Keyring, SecretUnreadable
from server.core.settings import BadSetting, Settings, read_settings, settings_table

KEY_A, KEY_B = "a" * 32, "b" * 32


def test_settings_are_read_and_typed() -> None:
    settings = read_settings(
        {"SEMMA_PORT": "9000", "SEMMA_DATA_DIR": "/x", "SEMMA_S3_CREATE_BUCKET": "no", "SEMMA_LADDER": "360,720"}
    )
    assert (settings.port, settings.data_dir, settings.s3_create_bucket) == (9000, Path("/x"), False)
    assert settings.ladder_heights == (720, 360)
    assert settings.base_url == "http://localhost:9000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEMMA_PORT", "http"),
        ("SEMMA_SECRET_KEY", "short"),
        ("SEMMA_CHUNK_S", "6"),
        ("SEMMA_LADDER", "1080p"),
        ("SEMMA_ENCODE_PRESET", "placebo"),
        ("SEMMA_LADDER", "8"),
        ("SEMMA_S3_CREATE_BUCKET", "maybe"),
    ],
)
def test_bad_setting_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
    ],
)
def test_database_url_gets_the_async_driver(url: str, expected: str) -> None:
    assert Settings(database_url=url).sqlalchemy_url == expected


def test_other_databases_are_refused() -> None:
    with pytest.raises(BadSetting, match="DATABASE_URL"):
        _ = Settings(database_url="mysql://x").sqlalchemy_url


def test_settings_table_in_the_docs_is_current() -> None:
    docs = Path(__file__).parents[3] / "docs" / "settings.md"
    assert settings_table() in docs.read_text(), "run `make settings-table`"


def test_keyring_signs_for_one_purpose_and_rotates_with_overlap() -> None:
    old, both = Keyring([KEY_A]), Keyring([KEY_B, KEY_A])
    signature = old.sign("playback", "x")
    assert both.verify("playback", "x", signature)
    assert not both.verify("login", "x", signature) and not both.verify("playback", "y", signature)
    assert both.decrypt(old.encrypt("passphrase")) == "passphrase"
    with pytest.raises(SecretUnreadable):
        Keyring([KEY_B]).decrypt(old.encrypt("passphrase"))
    with pytest.raises(Invalid, match="SEMMA_SECRET_KEY"):
        Keyring([])


def test_ids_sort_by_time_and_slugs_are_readable() -> None:
    ids = [new_id() for _ in range(100)]
    assert len(set(ids)) == 100 and all(len(item) == 32 for item in ids)
    assert slugify("Yhteisömanagerit: mitä 2026?") == "yhteisomanagerit-mita-2026"
    assert slugify("!!!", fallback="session") == "session"
    assert is_slug("semma-2026") and not any(is_slug(bad) for bad in ("", "-a", "a--b", "A", "a/b", "ä"))
    secret = new_secret("semma_api")
    assert secret.startswith("semma_api_") and len(hash_secret(secret)) == 64


def test_logs_carry_no_secrets() -> None:
    line = redact_text(
        "GET /x?X-Amz-Signature=abc&y=1 Bearer abc.def postgresql://semma:pw@h/d semma_api_0123456789012345678901"
    )
    for secret in ("abc", "pw@", "0123456789"):
        assert secret not in line
    assert "y=1" in line
    entry = redact(None, "info", {"event": "x", "password": "p", "cookie": "c", "count": 3})
    assert entry == {"event": "x", "password": "[redacted]", "cookie": "[redacted]", "count": 3}

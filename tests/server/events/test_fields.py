"""What fields may hold: pure."""

from datetime import date

import pytest

from server.core.errors import Invalid
from server.events import errors, fields


@pytest.mark.parametrize(
    ("check", "given", "kept"),
    [
        (fields.check_slug, "seminar-2027", "seminar-2027"),
        (fields.check_time_zone, "Europe/Helsinki", "Europe/Helsinki"),
        (fields.check_time_zone, "UTC", "UTC"),
        (fields.check_language, "FI", "fi"),
        (fields.check_language, "en-gb", "en-GB"),
        (fields.check_language, "zh-hant-tw", "zh-Hant-TW"),
        (fields.check_languages, ["fi", "FI", "sv"], ["fi", "sv"]),
        (fields.check_hashtag, "#Seminar27", "Seminar27"),
        (fields.check_hashtag, "", ""),
        (fields.check_hashtag, "päivä", "päivä"),
        (fields.check_colour, "#0B7285", "#0b7285"),
        (fields.check_colour, "", ""),
        (fields.check_visibility, "unlisted", "unlisted"),
        (fields.check_url, " https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        (fields.check_url, "http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        (fields.check_link_kind, "paper", "paper"),
    ],
)
def test_fields_are_kept_clean(check: object, given: object, kept: object) -> None:
    assert check(given) == kept  # type: ignore[operator]


@pytest.mark.parametrize(
    ("check", "given", "error"),
    [
        (fields.check_slug, "Seminar", errors.SlugInvalid),
        (fields.check_slug, "a--b", errors.SlugInvalid),
        (fields.check_slug, "", errors.SlugInvalid),
        (fields.check_slug, "0123456789abcdef0123456789abcdef", errors.SlugInvalid),
        (fields.check_time_zone, "Helsinki", errors.TimeZoneUnknown),
        (fields.check_time_zone, "../../etc/passwd", errors.TimeZoneUnknown),
        (fields.check_language, "finnish", errors.LanguageInvalid),
        (fields.check_language, "f", errors.LanguageInvalid),
        (fields.check_language, "fi\n", errors.LanguageInvalid),
        (fields.check_hashtag, "two words", errors.HashtagInvalid),
        (fields.check_colour, "red", errors.ColourInvalid),
        (fields.check_colour, "#12345", errors.ColourInvalid),
        (fields.check_visibility, "secret", errors.VisibilityInvalid),
        (fields.check_url, "javascript:alert(1)", errors.LinkInvalid),
        (fields.check_url, "//example.org/a", errors.LinkInvalid),
        (fields.check_url, "https://", errors.LinkInvalid),
        (fields.check_url, "https://user:pass@example.org/", errors.LinkInvalid),
        (fields.check_url, "https://example.org/a b", errors.LinkInvalid),
        (fields.check_url, "https://example.org:99999/", errors.LinkInvalid),
        (fields.check_url, "https://[::1/", errors.LinkInvalid),
        (fields.check_url, "https://example.org/" + "a" * 2000, errors.LinkInvalid),
        (fields.check_link_kind, "virus", errors.LinkInvalid),
    ],
)
def test_fields_are_refused_with_a_sentence(check: object, given: object, error: type[Invalid]) -> None:
    with pytest.raises(error) as raised:
        check(given)  # type: ignore[operator]
    assert len(raised.value.detail) > 20
    assert raised.value.detail.endswith(".")


@pytest.mark.parametrize("slug", ["api", "studio", "search", "embed", "live", "media"])
def test_reserved_words_are_no_slugs_of_events(slug: str) -> None:
    with pytest.raises(errors.SlugReserved):
        fields.check_slug(slug, reserved=True)
    assert fields.check_slug(slug) == slug


def test_dates_may_be_one_day_but_not_reversed() -> None:
    fields.check_dates(date(2027, 5, 20), date(2027, 5, 20))
    fields.check_dates(None, date(2027, 5, 20))
    with pytest.raises(errors.DatesReversed):
        fields.check_dates(date(2027, 5, 21), date(2027, 5, 20))


def test_text_loses_control_characters_and_surrounding_space() -> None:
    assert (
        fields.check_text("title", "  A\x00\x1b talk\nof two\tlines \u200e ", most=50) == "A talk\nof two\tlines \u200e"
    )
    with pytest.raises(errors.TextInvalid, match="at most 3"):
        fields.check_text("title", "abcd", most=3)
    with pytest.raises(errors.TextInvalid, match="empty"):
        fields.check_text("title", " \n ", most=3, required=True)


def test_folding_ignores_case_and_width_in_every_alphabet() -> None:
    assert fields.fold_text("ÄÄNI Straße ＡＢＣ") == "ääni strasse abc"

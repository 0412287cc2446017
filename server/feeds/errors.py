"""What can go wrong between a feed and its reader."""

from server.core.errors import Invalid, NotFound


class NoPodcast(NotFound):
    """The event (or no edition of the series) has podcasts."""

    code = "feed.no_podcast"
    says = "There is no podcast here; organisers switch it on with the event's downloads."


class NothingToEmbed(NotFound):
    """The address is no talk or room of this site that may be shown elsewhere."""

    code = "oembed.not_found"
    says = "This address is no talk and no live room of this site that can be shown elsewhere."


class FormatUnknown(Invalid):
    """Neither JSON nor XML (oEmbed 1.0, 2.3.2)."""

    code = "oembed.format_unknown"
    http_status = 501
    says = "The format is json or xml."

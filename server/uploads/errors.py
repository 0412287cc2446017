"""Everything that can go wrong with an upload.

    code                          status  when
    upload.bad_version            412     Tus-Resumable is missing or names another version (tus 1.0.0, §Headers)
    upload.bad_header             400     a header is missing or cannot be read; the sentence names it
    upload.bad_metadata           400     Upload-Metadata cannot be read
    upload.bad_purpose            400     the purpose is none that Semma knows
    upload.bad_session            400     the session named does not exist (or the asker may not know of it)
    upload.bad_checksum           400     Upload-Checksum cannot be read, or names an algorithm Semma does not know
    upload.concatenation          400     Upload-Concat: parallel partial uploads are not taken
    upload.empty                  400     a file without a single byte
    upload.do_not_record          403     a recording for a talk that must not be recorded
    upload.already_used           403     DELETE of an upload that has become something
    upload.not_found              404     no such upload, or not this asker's
    upload.offset_mismatch        409     Upload-Offset is not where the upload stands
    upload.interrupted            409     another request for the same upload took over; what had come is stored
    upload.stalled                409     no byte came for a while; what had come is stored
    upload.expired                410     it was not finished in time and its bytes are gone
    upload.terminated             410     it was terminated by DELETE
    upload.failed                 410     it ended in an error, told in words
    upload.lost                   410     the storage has dropped what was sent
    upload.too_large              413     longer than this server takes
    upload.beyond_length          413     more bytes than announced
    upload.bad_content_type       415     PATCH without application/offset+octet-stream
    upload.refused                422     the whole file came, and what it is for cannot take it; `reason` has the code
    upload.checksum_mismatch      460     the bytes are not those the checksum was made of; none of them count

409 and not another 4xx where a client shall ask for the offset and go on: tus clients take the others as final.
"""

from typing import ClassVar

from server.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, SemmaError, Stale, TooLarge, Unsupported


class BadVersion(Stale):
    """The protocol version asked for is not the one spoken here."""

    code = "upload.bad_version"
    says = "Send `Tus-Resumable: 1.0.0`; this server speaks tus 1.0.0."
    headers: ClassVar[dict[str, str]] = {"Tus-Version": "1.0.0"}


class BadHeader(Invalid):
    """A header is missing or cannot be read."""

    code = "upload.bad_header"


class BadMetadata(Invalid):
    """Upload-Metadata cannot be read."""

    code = "upload.bad_metadata"
    says = "Upload-Metadata must be pairs of a key and a base64 value, separated by commas."


class BadPurpose(Invalid):
    """The purpose is none that Semma knows."""

    code = "upload.bad_purpose"


class BadSession(Invalid):
    """The session does not exist, as far as the asker may know."""

    code = "upload.bad_session"
    says = "There is no such session; `session` in Upload-Metadata must be the id of one."


class BadChecksum(Invalid):
    """Upload-Checksum cannot be read, or names an unknown algorithm."""

    code = "upload.bad_checksum"


class Concatenation(Invalid):
    """Upload-Concat is not taken."""

    code = "upload.concatenation"
    says = "Parallel partial uploads are not taken here; send the file as one upload."


class EmptyFile(Invalid):
    """A file without a single byte."""

    code = "upload.empty"
    says = "The file is empty; choose one with something in it."


class DoNotRecord(Forbidden):
    """A recording for a talk that must not be recorded."""

    code = "upload.do_not_record"
    says = "This talk is marked as not to be recorded; change that first if it is a mistake."


class AlreadyUsed(Forbidden):
    """The upload is finished and has become something."""

    code = "upload.already_used"
    says = "This upload is finished; delete what it has become instead."


class UploadNotFound(NotFound):
    """No such upload, or not this asker's."""

    code = "upload.not_found"
    says = "There is no such upload."


class OffsetMismatch(Conflict):
    """Upload-Offset is not where the upload stands."""

    code = "upload.offset_mismatch"
    says = "The upload does not stand at this offset; ask for the present one with HEAD and go on from there."


class Interrupted(Conflict):
    """Another request for the same upload took over."""

    code = "upload.interrupted"
    says = "Another request for this upload took over; ask for the offset with HEAD and go on from there."


class Stalled(Conflict):
    """No byte came for a while."""

    code = "upload.stalled"
    says = "No bytes came for a while; what had come is stored. Ask for the offset with HEAD and go on from there."


class Expired(Gone):
    """It was not finished in time."""

    code = "upload.expired"
    says = "This upload was not finished in time and has been removed; start it again."


class Terminated(Gone):
    """It was terminated by DELETE."""

    code = "upload.terminated"
    says = "This upload has been removed."


class UploadFailed(Gone):
    """It ended in an error, told in words."""

    code = "upload.failed"
    says = "This upload failed; start it again."


class Lost(Gone):
    """The storage has dropped what was sent."""

    code = "upload.lost"
    says = "The object storage no longer has what was sent; start this upload again."


class FileTooLarge(TooLarge):
    """Longer than this server takes."""

    code = "upload.too_large"


class BeyondLength(TooLarge):
    """More bytes than announced."""

    code = "upload.beyond_length"
    says = "There are more bytes than the upload's length; nothing beyond it is stored."


class BadContentType(Unsupported):
    """PATCH without the content type of tus."""

    code = "upload.bad_content_type"
    says = "Send bytes as `Content-Type: application/offset+octet-stream`."


class Refused(Invalid):
    """The whole file came, and what it is for cannot take it.

    Whatever kind of error that was: a 409 would make a client send all of it again, and again.
    """

    code = "upload.refused"
    http_status: ClassVar[int] = 422
    says = "This file cannot be taken."


class ChecksumMismatch(Invalid):
    """The bytes are not those the checksum was made of (tus 1.0.0, §Checksum)."""

    code = "upload.checksum_mismatch"
    http_status: ClassVar[int] = 460
    says = "The checksum does not match the bytes that came; none of them are stored. Send them again."


class ClientGone(SemmaError):
    """The connection ended before the body did; nobody hears the answer, and nothing is wrong here."""

    code = "upload.client_gone"
    http_status: ClassVar[int] = 400
    says = "The connection ended before the body did; what had come is stored."

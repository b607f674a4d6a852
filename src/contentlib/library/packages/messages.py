"""Declares messages about packages: descriptors, manifests, signatures, archives, wrong names."""

from contentlib.library.messages import INVALID
from contentlib.messages import Message

_UNREADABLE = "ovf.unreadable"
_ARCHIVE = "archive.invalid"
_FIX_DESCRIPTOR = "Correct the descriptor, or export the package again."
_FIX_MANIFEST = "Correct the manifest, or export the package again."
_FIX_CERTIFICATE = "Sign the package again, or remove the certificate file."
_PACK_AGAIN = "Make the archive again as a plain tar of regular files, the descriptor first."
_SEND_AGAIN = "Send the file again."
_TRUST = "Add the certificate or its authority to the trusted certificates, or let the session ignore the warning."

NOT_A_DESCRIPTOR = Message(_UNREADABLE, "file {name!r} is not an OVF descriptor: {problem}", _FIX_DESCRIPTOR)
OTHER_THAN_DESCRIPTOR = Message(
    _UNREADABLE,
    "file {name!r} is not an OVF descriptor: it is {kind}, not XML; send the right file or rename this one",
    "Send the descriptor, or give the file a name without .ovf.",
)
WRONG_ROOT = Message(
    _UNREADABLE, "file {name!r} is not an OVF descriptor: root element is {root!r}, expected 'Envelope'", _FIX_DESCRIPTOR
)
REFERENCE_WITHOUT_FILE = Message(_UNREADABLE, "file {name!r} has a reference without href at line {line}", _FIX_DESCRIPTOR)
TOO_MANY_REFERENCES = Message(
    _UNREADABLE,
    "file {name!r} references more than {most} files or chunks at line {line}",
    "Use fewer files, or larger chunks.",
)
BAD_SIZE = Message(_UNREADABLE, "file {name!r} has an invalid {attribute} {given!r} at line {line}", _FIX_DESCRIPTOR)
MANIFEST_TOO_LONG = Message(_UNREADABLE, "manifest {name!r} lists more than {most} files at line {line}", _FIX_MANIFEST)
NOT_A_MANIFEST = Message(_UNREADABLE, "file {name!r} is not a manifest: line {line} is {given!r}", _FIX_MANIFEST)
UNKNOWN_ALGORITHM = Message(
    _UNREADABLE, "file {name!r} has an unsupported checksum {given!r} at line {line}; supported: {supported}", _FIX_MANIFEST
)
WRONG_DIGITS = Message(
    _UNREADABLE,
    "file {name!r} has a {algorithm} checksum of {count} digits at line {line}, expected {expected}",
    _FIX_MANIFEST,
)
TOO_MANY_MANIFESTS = Message(
    _UNREADABLE, "package has more than {most} manifests; {name!r} is one too many", "Remove a manifest."
)
TOO_LARGE = Message(
    _UNREADABLE, "file {name!r} is {size} bytes; at most {most} are allowed for this kind of file", "Send a smaller file."
)
TWO_CERTIFICATES = Message(
    _UNREADABLE, "package has two certificate files: {first!r} and {second!r}", "Remove one of the certificate files."
)
NO_SIGNED_MANIFEST = Message(
    _UNREADABLE,
    "file {name!r} signs manifest {manifest!r}, which is missing",
    "Add the manifest, or remove the certificate file.",
)
NO_SIGNATURE = Message(
    _UNREADABLE,
    "file {name!r} contains no signature; expected a line SHA256(x.mf)= 0… or a CMS message in PEM format",
    _FIX_CERTIFICATE,
)
NO_CERTIFICATE = Message(_UNREADABLE, "file {name!r} contains no readable certificate", _FIX_CERTIFICATE)
TOO_MANY_IN_FILE = Message(_UNREADABLE, "file {name!r} contains {count} {what}; at most {most} are allowed", _FIX_CERTIFICATE)
BAD_CMS = Message(_UNREADABLE, "file {name!r} contains an unusable CMS message: {problem}", _FIX_CERTIFICATE)

MISSING_DESCRIPTOR = Message("ovf.missing", "descriptor ({name}) is missing; add it", "Add the descriptor.")
MISSING_FILE = Message("ovf.missing", "file {name!r} is referenced by the descriptor but missing; add it", "Add the file.")
DESCRIPTORS = Message(
    "ovf.descriptors",
    "package has {count} descriptors: {names}; exactly one is expected, remove the others",
    "Remove the descriptors that do not belong to the package.",
)
NOT_REFERENCED = Message(
    "ovf.not_referenced",
    "file {name!r} is not referenced by descriptor {descriptor!r}; remove it or reference it",
    "Remove the file, or reference it in the descriptor.",
)
DISK_WITHOUT_FILE = Message(
    "ovf.disk_without_file",
    "disk {disk!r} in descriptor {descriptor!r} refers to file id {file!r}, but no file has this id",
    _FIX_DESCRIPTOR,
)
SIZE = Message("ovf.size", "file {name!r} is {size} bytes; the descriptor declares {declared}", _FIX_DESCRIPTOR)
CHUNK_SIZE = Message(
    "ovf.chunk_size", "chunk {name!r} is {size} bytes; the descriptor declares chunks of {declared}", _FIX_DESCRIPTOR
)
MANIFEST_MISSING = Message(
    "ovf.manifest_missing", "manifest {manifest!r} lists file {name!r}, which is missing", "Add the file, or remove the line."
)
MANIFEST_MISMATCH = Message(
    "ovf.manifest_mismatch",
    "file {name!r} has {algorithm} checksum {actual}; manifest {manifest!r} declares {expected}",
    "Send the file again; if it was changed on purpose, write the manifest again.",
)
MANIFEST_LISTS_ITSELF = Message(
    "ovf.manifest_lists_itself", "manifest {manifest!r} lists itself; the line is ignored", "Remove the line from the manifest."
)
MANIFEST_LISTS_CERTIFICATE = Message(
    "ovf.manifest_lists_itself",
    "manifest {manifest!r} lists certificate file {name!r}; the line is ignored",
    "Remove the line from the manifest.",
)
SIGNATURE_MISMATCH = Message(
    "ovf.signature_mismatch",
    "signature in {certificate!r} does not match manifest {manifest!r}: one of them was modified after signing",
    "Send the original files, or sign the package again.",
)
NOT_SIGNED = Message(
    "ovf.not_signed",
    "file {name!r} is not covered by the signature: manifest {manifest!r} does not list it",
    "Add the file to the manifest and sign again.",
)
MORE_WARNINGS = Message("ovf.more_warnings", "{count} more warnings are not shown")

SENT_AS_FORM = Message(
    "upload.form", "file {name!r} was sent as a multipart form; send its bytes as the body (curl: -T FILE, not -F)", _SEND_AGAIN
)
WEB_PAGE = Message(
    "upload.web_page",
    "file {name!r} is a web page (HTML), possibly an error page of its source; send the file itself",
    _SEND_AGAIN,
)
BASE64 = Message("upload.base64", "file {name!r} is base64 text of {kind}; send the bytes without encoding", _SEND_AGAIN)
NOT_AN_OVA = Message(
    "file.not_as_named",
    "file {name!r} is not an OVA: it is a tar archive without an OVF descriptor; it is stored as a plain file",
    "Add the descriptor to the archive, or rename the file.",
)
NOT_AS_NAMED = Message(
    "file.not_as_named", "file {name!r} is not {expected}: it contains {kind}; it is stored as a plain file", "Rename the file."
)
UNNAMED_DESCRIPTOR = Message(
    "file.not_as_named",
    "file {name!r} is an OVF descriptor, but its name does not end in .ovf; it is stored as a plain file",
    "Rename the file.",
)
UNNAMED_WEB_PAGE = Message(
    "file.not_as_named",
    "file {name!r} is a web page (HTML), possibly an error page of its source",
    "Check the source of the file.",
)

CERTIFICATE_EXPIRED = Message("certificate.expired", "certificate {certificate} expired at {time} UTC", _TRUST)
CERTIFICATE_NOT_YET_VALID = Message(
    "certificate.not_yet_valid", "certificate {certificate} is not valid before {time} UTC", _TRUST
)
CERTIFICATE_SELF_SIGNED = Message("certificate.self_signed", "certificate {certificate} is self-signed and not trusted", _TRUST)
CERTIFICATE_UNTRUSTED = Message(
    "certificate.untrusted", "certificate {certificate}, issued by {issuer}, is not trusted to sign packages", _TRUST
)
NOT_COMPLIANT = Message(
    "library.policy",
    "the security policy of library {library} requires OVF packages with a trusted signature: {reason}",
    "Sign the package with a trusted certificate, or remove the policy from the library.",
    separator="; ",
)
UNKNOWN_POLICY = Message(
    INVALID, "{field}: unknown security policy {given!r}; available: {available}", "Use one of the security policies."
)
ONE_CERTIFICATE = Message(
    INVALID, "{field} contains {count} certificates; add each in a separate call", "Send one certificate."
)

ARCHIVE_TRUNCATED = Message(_ARCHIVE, "cannot unpack archive: truncated at byte {offset}", _PACK_AGAIN)
ARCHIVE_EMPTY = Message(_ARCHIVE, "cannot unpack archive: it contains no files (at byte {offset})", _PACK_AGAIN)
ARCHIVE_COMPRESSED = Message(
    _ARCHIVE,
    "cannot unpack archive: it is compressed with {kind}; an OVA is an uncompressed tar (at byte {offset})",
    _PACK_AGAIN,
)
ARCHIVE_OTHER = Message(
    _ARCHIVE,
    "cannot unpack archive: it is {kind}; an OVA is a tar that begins with an OVF descriptor (at byte {offset})",
    _PACK_AGAIN,
)
ARCHIVE_NO_HEADER = Message(_ARCHIVE, "cannot unpack archive: no valid header at byte {offset} ({problem})", _PACK_AGAIN)
ARCHIVE_BAD_SIZE = Message(
    _ARCHIVE, "cannot unpack archive: {name!r} has an invalid size {size} (at byte {offset})", _PACK_AGAIN
)
ARCHIVE_NOT_A_FILE = Message(_ARCHIVE, "cannot unpack archive: {name!r} is {kind} (at byte {offset})", _PACK_AGAIN)
ARCHIVE_EXTENSION_SIZE = Message(
    _ARCHIVE, "cannot unpack archive: extended header of {size} bytes at byte {offset}; at most {most} are allowed", _PACK_AGAIN
)
ARCHIVE_EXTENSION = Message(_ARCHIVE, "cannot unpack archive: malformed extended header at byte {offset}", _PACK_AGAIN)
ARCHIVE_NUMBER = Message(_ARCHIVE, "cannot unpack archive: {given!r} is not a valid size (at byte {offset})", _PACK_AGAIN)
ARCHIVE_FILE_NAME = Message(
    _ARCHIVE, "cannot unpack archive: {name!r} is not a plain file name (at byte {offset})", _PACK_AGAIN
)
ARCHIVE_DUPLICATE = Message(_ARCHIVE, "cannot unpack archive: duplicate file {name!r} (at byte {offset})", _PACK_AGAIN)
ARCHIVE_TOO_MANY = Message(
    _ARCHIVE,
    "cannot unpack archive: more than {most} files (session_files_limit) at byte {offset}",
    "Raise session_files_limit.",
)

"""Every exception of ours. Each carries a message id and parameters; sentences are made and translated at the edge."""

from __future__ import annotations


class QuietlineError(Exception):
    """Base of all our errors. `code` names the sentence; `parameters` fill it. Never put content, words or addresses in them."""

    code = "internal"

    def __init__(self, **parameters: object) -> None:
        super().__init__(self.code)
        self.parameters = parameters


# --- sealing and formats (raised by app.crypto) ---------------------------------------------------------------------


class FormatError(QuietlineError):
    """Bytes that do not follow FORMATS.md."""

    code = "format"


class HeaderError(FormatError):
    """An age header that does not parse or is not canonical."""

    code = "age_header"


class ArmorError(FormatError):
    """ASCII armor that does not parse."""

    code = "age_armor"


class NoMatch(FormatError):
    """No identity opens any stanza of the file."""

    code = "age_no_match"


class MacError(FormatError):
    """The header was altered: its HMAC does not check."""

    code = "age_mac"


class PayloadError(FormatError):
    """The payload was altered, reordered or cut short."""

    code = "age_payload"


class RecipientError(FormatError):
    """Not a hybrid age recipient or identity, none at all, or too many."""

    code = "age_recipient"


class SizeError(FormatError):
    """A length that is not a size class, or over the largest."""

    code = "size_class"


class SignatureError(FormatError):
    """A signature that does not verify under the key that was expected."""

    code = "signature"


class WordsError(QuietlineError):
    """Typed words are not a receipt.

    `reason`: too_long, not_on_list (with `parts`: ((position, part), ...)), wrong_count (with `count`) or checksum."""

    code = "words"

    def __init__(self, reason: str, **parameters: object) -> None:
        super().__init__(reason=reason, **parameters)
        self.reason = reason


class UserNameError(QuietlineError):
    """A user name outside the allowed characters or length."""

    code = "user_name"


class PasswordError(QuietlineError):
    """A password shorter or longer than allowed."""

    code = "password_length"


# --- what the product refuses (raised by app.services) --------------------------------------------------------------


class UnknownHost(QuietlineError):
    """No organisation answers under this host name."""

    code = "unknown_host"


class PortalChanged(QuietlineError):
    """What a process remembered of a portal is no longer so."""

    code = "portal_changed"


class UnknownChannel(QuietlineError):
    """No such channel, or it is not part of this organisation."""

    code = "unknown_channel"


class ChannelNotOpen(QuietlineError):
    """The channel has no keys yet, so nothing can be sealed to it."""

    code = "channel_not_open"


class Conflict(QuietlineError):
    """The mailbox key, case id or message id is already used with other bytes."""

    code = "conflict"


class ReportWithdrawn(QuietlineError):
    """A retry of a report that its writer has withdrawn."""

    code = "withdrawn"


class NoConversation(QuietlineError):
    """Wrong, unknown and withdrawn receipts alike."""

    code = "no_conversation"


class TicketExpired(QuietlineError):
    """A ticket that is too old, from before a restart, altered, or for something else."""

    code = "ticket_expired"


class DraftRefused(QuietlineError):
    """A report or answer as typed cannot be sent. `problems`: ((field, reason, limit or None), ...)."""

    code = "draft"

    def __init__(self, problems: tuple[tuple[str, str, int | None], ...]) -> None:
        super().__init__(problems=problems)
        self.problems = problems


class SealedRefused(QuietlineError):
    """A sealed message whose framing the server does not accept."""

    code = "sealed"


class InvitationInvalid(QuietlineError):
    """An invitation that is unknown, used or past its day."""

    code = "invitation"


class UserNameTaken(QuietlineError):
    """Another officer has this user name."""

    code = "user_name_taken"


class LoginFailed(QuietlineError):
    """Unknown user and wrong password alike."""

    code = "login"


class NotAllowed(QuietlineError):
    """The officer has no access to this."""

    code = "not_allowed"


class UnknownCase(QuietlineError):
    """No such case, or not one of this officer's channels: the two look alike."""

    code = "unknown_case"


class StateRefused(QuietlineError):
    """A change of state that does not follow from the present one."""

    code = "state"


class KeyringRefused(QuietlineError):
    """A keyring whose version, framing or channel does not follow from what is stored."""

    code = "keyring"


class StorageBusy(QuietlineError):
    """The database could not be written in time; nothing was stored."""

    code = "storage_busy"


class ComesAgain(StorageBusy):
    """There is more of a kind of traffic than there may be; nothing was stored. Its sentence is StorageBusy's.

    `seconds`: after which there is a place."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class CommitUnknown(QuietlineError):
    """The connection to the database was lost while it committed: whether it is stored, nobody knows. The same again tells."""

    code = "commit_unknown"


class ClockJumped(QuietlineError):
    """The clock is days away from the last day that was seen; nothing is deleted by days until a week has gone by (services/clock.py)."""

    code = "clock"


# --- sealed files (raised by app.services and app.storage) -------------------------------------------------------------


class UnknownUpload(QuietlineError):
    """No such upload: never begun, cancelled, expired, or named by a message already."""

    code = "unknown_upload"


class OffsetConflict(QuietlineError):
    """An upload goes on somewhere else than where this request begins."""

    code = "upload_offset"


class UploadBusy(QuietlineError):
    """Another request is writing to this upload at this moment."""

    code = "upload_busy"


class UploadTooLarge(QuietlineError):
    """A file over the largest size, or more bytes than were declared."""

    code = "upload_too_large"


class ChecksumMismatch(QuietlineError):
    """What arrived is not what the checksum was made of; it was thrown away, and the upload stands where it stood."""

    code = "upload_checksum"


class ChecksumUnknown(QuietlineError):
    """A checksum of a kind that is not offered, or that cannot be read."""

    code = "upload_checksum_kind"


class UploadRefused(QuietlineError):
    """A whole file that is no age file as FORMATS.md section 2 asks for, or whose size is not a size class. It is deleted."""

    code = "upload_refused"


class NoRoom(QuietlineError):
    """There is no room for this file on the server. Reports without files have a reserve of their own."""

    code = "no_room"


class QuotaReached(NoRoom):
    """What is set aside for sealed files is used up. Its sentence is NoRoom's."""


class AttachmentsRefused(QuietlineError):
    """A message names files that are not there, not whole, sealed to another number of readers, or another message's.

    `reason`: unknown, incomplete, taken, readers or count."""

    code = "attachments"


class UnknownAttachment(QuietlineError):
    """No such file in this conversation."""

    code = "unknown_attachment"


class BlobMissing(QuietlineError):
    """A file that the database names is not in the blob store."""

    code = "blob_missing"


class NotRemovable(QuietlineError):
    """A message that cannot be removed by itself: the report, a notice of removal, or one that is removed already."""

    code = "not_removable"


# --- requests on their way to a thread (raised by app.cli) ------------------------------------------------------------


class NotUnderstood(QuietlineError):
    """Where this request ends can only be told by a parser: a thread finds out."""

    code = "not_understood"


class HeadTooLong(QuietlineError):
    """More headers than anybody needs."""

    code = "head_too_long"


# --- settings and commands --------------------------------------------------------------------------------------------


class SettingsError(QuietlineError):
    """A setting that cannot be used; `sentence` says what to change."""

    code = "settings"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence=sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class CommandError(QuietlineError):
    """A command that cannot do what was asked; `sentence` says why and what to do."""

    code = "command"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence=sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence

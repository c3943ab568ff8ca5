"""Errors as sentences for a person at a terminal."""

from __future__ import annotations

from typing import Final

from app.domain import LIMITS
from app.errors import CommandError, QuietlineError, SettingsError, WordsError

SENTENCES: Final = {
    "format": "The data is damaged, or not what this command reads: check that it is the right file and complete.",
    "age_header": "This is not an age file, or its head is damaged: check that it is the right file and complete.",
    "age_armor": "The text around the sealed data is damaged: copy the file again, from the BEGIN line to the END line.",
    "age_no_match": "This key does not open the file: it was sealed to somebody else.",
    "age_mac": "The head of the file was altered: get it again from where it came from.",
    "age_payload": "The file was altered or cut short: what was written out is genuine but not complete; get the file again.",
    "age_recipient": "Only post-quantum keys are accepted: recipients begin with age1pq1, identities with AGE-SECRET-KEY-PQ-1.",
    "size_class": "The data is too large, or was not padded by this program: check that it is the right file.",
    "signature": "A signature does not check. Do not use this file, and find out who could have changed it.",
    "user_name": f"A user name has 1 to {LIMITS.user_name_characters} characters: letters a to z, digits, dot, hyphen, underscore.",
    "password_length": f"A password has {LIMITS.password_characters_least} to {LIMITS.password_characters_most} characters.",
    "unknown_host": "There is no such organisation here: quietline status lists those that there are.",
    "unknown_channel": "There is no such channel: quietline status lists those that there are.",
    "channel_not_open": "The channel is not open yet: its first officer opens it at the desk.",
    "conflict": "Something else is stored under this number already: nothing was changed.",
    "keyring": "The keyring does not follow from the one in force: use the version that quietline recover printed, and the whole file.",
    "no_room": "There is not enough room on the disk: nothing is left behind; make room, or choose another place.",
    "storage_busy": "The database is busy: nothing was changed; try again.",
}

WORDS: Final = {
    "too_long": "That is more text than the words can be: type the words only.",
    "checksum": "All words are on the list, but they do not belong together: look for a swapped or misread word.",
}


def sentence(error: QuietlineError) -> str:
    """What to show for one of our errors; never content, words or keys."""
    match error:
        case SettingsError() | CommandError():
            return error.sentence
        case WordsError():
            return _words(error)
        case _:
            return SENTENCES.get(error.code, f"This was refused ({error.code}).")


def _words(error: WordsError) -> str:
    if error.reason == "not_on_list":
        parts = error.parameters["parts"]
        assert isinstance(parts, tuple)
        return f"Not on the list of words: {', '.join(f'number {position}' for position, _ in parts)}. Check the spelling."
    if error.reason == "wrong_count":
        return f"These are {error.parameters['count']} words: {LIMITS.recovery_words} are needed."
    return WORDS[error.reason]

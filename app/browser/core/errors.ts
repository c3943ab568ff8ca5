/**
 * Every error of the core. Codes are those of `app/errors.py`; sentences are made elsewhere, from `code` and `parameters`.
 * Nothing secret and nothing a person wrote is ever put in one.
 */

/** What fills the sentence that belongs to a code. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Base of all our errors. `message` is the code, so that a log that prints it prints nothing else. */
export class QuietlineError extends Error {
  readonly code: string = "internal";
  readonly parameters: Parameters;

  constructor(parameters: Parameters = {}) {
    super();
    this.parameters = parameters;
  }

  override get message(): string {
    return this.code;
  }
}

/** Bytes that do not follow FORMATS.md. */
export class FormatError extends QuietlineError {
  override readonly code: string = "format";
}

/** An age header that does not parse or is not canonical. */
export class HeaderError extends FormatError {
  override readonly code = "age_header";
}

/** ASCII armor that does not parse. */
export class ArmorError extends FormatError {
  override readonly code = "age_armor";
}

/** No identity opens any stanza of the file. */
export class NoMatch extends FormatError {
  override readonly code = "age_no_match";
}

/** The header was altered: its HMAC does not check. */
export class MacError extends FormatError {
  override readonly code = "age_mac";
}

/** The payload was altered, reordered or cut short. */
export class PayloadError extends FormatError {
  override readonly code = "age_payload";
}

/** Not a hybrid age recipient or identity, none at all, or too many. */
export class RecipientError extends FormatError {
  override readonly code = "age_recipient";
}

/** A length that is not a size class, or over the largest. */
export class SizeError extends FormatError {
  override readonly code = "size_class";
}

/** A signature that does not verify under the key that was expected. */
export class SignatureError extends FormatError {
  override readonly code = "signature";
}

/** A user name outside the allowed characters or length. */
export class UserNameError extends QuietlineError {
  override readonly code = "user_name";
}

/** A password shorter or longer than allowed. */
export class PasswordError extends QuietlineError {
  override readonly code = "password_length";
}

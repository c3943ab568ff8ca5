/** The officer's identity file: the two secrets, sealed to `unlock` (FORMATS.md section 9). */
import * as age from "./age.ts";
import * as armor from "./armor.ts";
import { b64uDecode, b64uEncode, isId } from "./encoding.ts";
import { FormatError } from "./errors.ts";
import { integerOf, jsonBytes, readDocument, textOf, textThat } from "./json.ts";
import { userName } from "./kdf.ts";
import { pad } from "./padding.ts";
import { SigningKey } from "./signing.ts";

/** An unlocked officer. `identity` (age) and `signing` are secret; ids and user name are not. */
export interface OfficerIdentity {
  readonly organisation: string;
  readonly officer: string;
  readonly user: string;
  readonly identity: string;
  readonly signing: SigningKey;
}

/** A new officer identity with fresh keys. */
export function newOfficer(organisation: string, officer: string, user: string): OfficerIdentity {
  return { organisation, officer, user: userName(user), identity: age.newIdentity(), signing: SigningKey.generate() };
}

/** The identity file, sealed to the recipient of `unlock`. FormatError when a reader would refuse it. */
export async function seal(officer: OfficerIdentity, unlockRecipient: string): Promise<Uint8Array> {
  const document = write(officer);
  read(document);
  return age.seal(pad(document), [unlockRecipient]);
}

/** A sealed identity file as it is downloaded. */
export function toDownload(sealed: Uint8Array): string {
  return armor.encode(sealed);
}

/** Opens an identity file, armored or not, with the `unlock` identity: NoMatch for a wrong one, FormatError for other content. */
export async function open(file: Uint8Array, unlock: string): Promise<OfficerIdentity> {
  return read(await age.unseal(armor.dearmored(file), [unlock]));
}

/** The JSON of an identity file, not padded. Secret. */
export function write(officer: OfficerIdentity): Uint8Array {
  return jsonBytes({
    v: 1,
    organisation: officer.organisation,
    officer: officer.officer,
    user: officer.user,
    identity: officer.identity,
    signing: b64uEncode(officer.signing.seed),
  });
}

/** Reads what `write` wrote, padded or not; FormatError otherwise. */
export function read(document: Uint8Array): OfficerIdentity {
  const file = readDocument(document);
  if (integerOf(file, "v") !== 1) throw new FormatError();
  return {
    organisation: textThat(file, "organisation", isId),
    officer: textThat(file, "officer", isId),
    user: textThat(file, "user", isFolded),
    identity: textThat(file, "identity", age.isIdentity),
    signing: SigningKey.fromSeed(b64uDecode(textOf(file, "signing"), 32)),
  };
}

/** A user name is stored in its one folded form. */
function isFolded(text: string): boolean {
  try {
    return userName(text) === text;
  } catch {
    return false;
  }
}

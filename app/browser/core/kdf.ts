/** Officers' passwords: Argon2id (RFC 9106), then HKDF for login and unlock (FORMATS.md section 9). */
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { identityFromSeed } from "./age.ts";
import { characters, concat, utf8 } from "./bytes.ts";
import { derive as expand, sha256 } from "./derive.ts";
import { FormatError, PasswordError, UserNameError } from "./errors.ts";
import { limits } from "./limits.ts";

const context = "quietline/officer/v1";
/** Milliseconds of work between two turns of the event loop: short enough for a progress bar to move. */
const tick = 16;

/** What Argon2id costs. */
export interface Profile {
  readonly name: "production" | "testing";
  readonly memoryKib: number;
  readonly passes: number;
}

/** `testing` is only for tests; settings refuse it elsewhere. */
export const profiles: Readonly<Record<Profile["name"], Profile>> = {
  production: { name: "production", memoryKib: 65536, passes: 3 },
  testing: { name: "testing", memoryKib: 64, passes: 1 },
};

/** What a password derives. `login` (32 bytes) goes to the server; `unlock` is an age identity and never does. Both secret. */
export interface OfficerSecrets {
  readonly login: Uint8Array;
  readonly unlock: string;
}

/** The user name as it is stored and hashed: NFKC, then lower case. UserNameError for other characters or another length. */
export function userName(typed: string): string {
  const name = typed.normalize("NFKC");
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name.length > limits.user_name_characters) throw new UserNameError();
  return name.toLowerCase();
}

/**
 * Derives an officer's secrets; about a second of work with the production profile, during which the page stays alive.
 *
 * @param organisation - the organisation's id
 * @param user - the user name as typed; UserNameError when it is none
 * @param password - as typed; PasswordError outside 14 to 1024 characters after NFKC
 * @param onProgress - called with what is done, from 0 to 1, when that has grown by a hundredth
 */
export async function derive(
  password: string,
  organisation: string,
  user: string,
  profile: Profile,
  onProgress?: (done: number) => void,
): Promise<OfficerSecrets> {
  const salt = sha256(concat(lengthPrefixed(context), lengthPrefixed(organisation), lengthPrefixed(userName(user))));
  const master = await argon2idAsync(normalized(password), salt, {
    m: profile.memoryKib,
    t: profile.passes,
    p: 1,
    version: 0x13,
    dkLen: 32,
    asyncTick: tick,
    onProgress: byPercent(onProgress),
  });
  const secrets = { login: expand(master, context, "login"), unlock: identityFromSeed(expand(master, context, "unlock")) };
  master.fill(0);
  return secrets;
}

/** What the server keeps of `login`: its SHA-256. FormatError unless 32 bytes. */
export function loginHash(login: Uint8Array): Uint8Array {
  if (login.length !== 32) throw new FormatError();
  return sha256(login);
}

function normalized(password: string): Uint8Array {
  const text = password.normalize("NFKC");
  const length = characters(text);
  if (length < limits.password_characters_least || length > limits.password_characters_most) throw new PasswordError();
  return utf8(text);
}

/** Argon2id tells of its progress ten thousand times, more often than any bar can show. */
function byPercent(onProgress: (done: number) => void = () => undefined): (done: number) => void {
  let last = -1;
  return (done) => {
    const percent = Math.floor(done * 100);
    if (percent > last) onProgress(done);
    last = Math.max(last, percent);
  };
}

/** `lp(s)`: the length of utf8(s) in 4 bytes, big-endian, and utf8(s). */
function lengthPrefixed(text: string): Uint8Array {
  const bytes = utf8(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}

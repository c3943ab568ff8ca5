/** Officers' passwords and user names, and the passphrase we offer them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { seedOf } from "../../app/browser/core/age.ts";
import { b64uEncode } from "../../app/browser/core/encoding.ts";
import { derive, loginHash, profiles, userName } from "../../app/browser/core/kdf.ts";
import { generate } from "../../app/browser/core/passphrase.ts";
import { coded, vectors } from "./tools.ts";

interface Derivation {
  profile: "production" | "testing";
  user: string;
  password: string;
  login: string;
  login_hash: string;
  unlock_seed: string;
}

const { organisation, ...kdf } = vectors<{
  user_names: { typed: string; name: string }[];
  user_names_refused: string[];
  organisation: string;
  derivations: Derivation[];
  same_passwords: [string, string];
  passwords_refused: string[];
}>("kdf");

test("user names are folded or refused", () => {
  for (const { typed, name } of kdf.user_names) {
    assert.equal(userName(typed), name);
    assert.equal(userName(name), name);
  }
  for (const typed of kdf.user_names_refused) assert.throws(() => userName(typed), coded("user_name"), JSON.stringify(typed));
});

for (const { profile, user, password, ...expected } of kdf.derivations) {
  test(`what a password derives: ${profile}, ${password.length} units`, async () => {
    const progress: number[] = [];
    const secrets = await derive(password, organisation, user, profiles[profile], (done) => progress.push(done));
    assert.equal(b64uEncode(secrets.login), expected.login);
    assert.equal(b64uEncode(loginHash(secrets.login)), expected.login_hash);
    assert.equal(b64uEncode(seedOf(secrets.unlock)), expected.unlock_seed);
    assert.ok(progress.every((done, at) => done >= (progress[at - 1] ?? 0) && done <= 1));
    if (profile === "production") assert.ok(progress.length > 10 && progress.length <= 101);
  });
}

test("a password is the same in every Unicode form, and a user name in every case", async () => {
  const [a, b] = await Promise.all(kdf.same_passwords.map((password) => derive(password, organisation, "Ada", profiles.testing)));
  assert.deepEqual(a, b);
  const other = await derive(kdf.same_passwords[0], organisation, "bo", profiles.testing);
  assert.notDeepEqual(a, other);
});

test("passwords of a wrong length are refused", async () => {
  for (const password of kdf.passwords_refused) {
    await assert.rejects(derive(password, organisation, "ada", profiles.testing), coded("password_length"));
  }
  assert.throws(() => loginHash(new Uint8Array(31)), coded("format"));
});

test("a passphrase is six words of the list, and long enough for a password", () => {
  const drawn = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const passphrase = generate();
    const words = passphrase.split(" ");
    assert.equal(words.length, 6);
    assert.ok(words.every((word) => wordlist.includes(word)));
    assert.ok(passphrase.length >= 14);
    for (const word of words) drawn.add(word);
  }
  // 1800 draws of 2048 words: some 1200 different ones are expected; 1000 or fewer would take a biased source.
  assert.ok(drawn.size > 1000);
});

/** Names and types of files (FORMATS.md section 6): one line, no path, nothing that makes an ending look like another. */
import { limits } from "./limits.ts";
import { cleanLine } from "./message.ts";

const nameless = "file";
const directions = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;
const ending = /\.[^.]{1,11}$/su;
const type = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/;

/** The name (1 to 100 characters) of a file as its manifest has it and as it is shown and saved. A clean one stays as it is. */
export function cleanName(given: string): string {
  const last = given.slice(Math.max(given.lastIndexOf("/"), given.lastIndexOf("\\")) + 1);
  const name = shortened(cleanLine(last.replace(directions, "")).replace(/^\p{White_Space}+/u, ""));
  return name === "" || name === "." || name === ".." ? nameless : name;
}

/** A media type in lower case, without parameters; empty when it is none, has any, or is longer than 100 characters. */
export function cleanType(given: string): string {
  if (given.length > limits.name_characters) return "";
  const kind = given.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return type.test(kind) ? kind : "";
}

function shortened(name: string): string {
  const characters = [...name];
  const most = limits.file_name_characters;
  if (characters.length <= most) return name;
  const kept = ending.exec(name)?.[0];
  if (kept === undefined) return cleanLine(characters.slice(0, most).join(""));
  return characters.slice(0, most - [...kept].length).join("") + kept;
}

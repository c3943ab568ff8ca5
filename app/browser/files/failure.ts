/** Why a file could not be sent. */
import type { DetailedError } from "tus-js-client";
import { QuietlineError } from "../core/errors.ts";

/** Why an upload failed: `denied` is for who has to log in; `refused` is everything that the server gave no better reason for. */
export type Failure = "too_large" | "no_room" | "changed" | "unreadable" | "denied" | "refused";

/** What an error of an upload means. `unknown`: the server does not know the upload. */
export function failureOf(error: unknown): Failure | "unknown" {
  const { causingError, originalResponse } = error as Partial<DetailedError>;
  const own = error instanceof QuietlineError ? error : causingError;
  if (own instanceof QuietlineError) return own.code === "changed" || own.code === "unreadable" ? own.code : "refused";
  switch (originalResponse?.getStatus()) {
    case 401:
    case 403:
      return "denied";
    case 404:
    case 410:
      return "unknown";
    case 413:
      return "too_large";
    case 507:
      return "no_room";
    default:
      return "refused";
  }
}

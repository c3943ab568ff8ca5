/** The sealed files of a case on the server, and the keys that open them. */
import type { Keyring } from "../core/keyring.ts";

/** What opening a file takes. */
export interface Store {
  readonly identities: readonly string[];
  /** Asks the server for the sealed file with this id. */
  ask(id: string, stopped: AbortSignal): Promise<Response>;
}

/** The files below `address`. An answer that asks for a login ends the session here, too. */
export function storeOf({ identities }: Keyring, address: string, sessionOver: () => void): Store {
  return {
    identities,
    async ask(id, signal) {
      const response = await fetch(address + id, { credentials: "same-origin", cache: "no-store", redirect: "error", signal });
      if (response.status === 401) sessionOver();
      return response;
    },
  };
}

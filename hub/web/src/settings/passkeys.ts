/** Passkeys by the browser's WebAuthn Level 3 JSON methods; the hub makes the options and checks the answers. */

import { post } from "../api";
import type { Factors } from "./proof";

/** Whether this browser can make passkeys at this address. */
export function canPasskeys(): boolean {
  return globalThis.isSecureContext === true && typeof PublicKeyCredential !== "undefined" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
}

export async function makePasskey(name: string): Promise<Factors> {
  const { options } = await post<{ options: PublicKeyCredentialCreationOptionsJSON }>("/factors/passkeys/options");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = await navigator.credentials.create({ publicKey });
  return post<Factors>("/factors/passkeys", { name, credential: plain(made) });
}

export async function showPasskey(): Promise<Factors> {
  const { options } = await post<{ options: PublicKeyCredentialRequestOptionsJSON }>("/factors/passkeys/proof/options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const shown = await navigator.credentials.get({ publicKey });
  return post<Factors>("/factors/passkeys/proof", { credential: plain(shown) });
}

function plain(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error("the browser gave no passkey");
  return credential.toJSON();
}

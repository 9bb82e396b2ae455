import { signal } from "@preact/signals";
import { useState } from "preact/hooks";

import { ApiError, get, post } from "../api";
import { t } from "../i18n";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, say, Sheet } from "../ui/parts";
import { showPasskey } from "./passkeys";

export interface Factors {
  totp: boolean;
  passkeys: { id: string; name: string; since_ms: number }[];
  fresh: boolean;
}

const asked = signal<((shown: boolean) => void) | null>(null);

/** Do what may need the second factor: it is asked for, then the work is done again. */
export async function proven<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (err) {
    if (!(err instanceof ApiError) || err.code !== "proof_needed") throw err;
    const shown = await new Promise<boolean>((resolve) => (asked.value = resolve));
    if (!shown) throw err;
    return work();
  }
}

/** Where the second factor is asked for; stands once on pages that may need it. */
export function ProofPlace() {
  if (!asked.value) return null;
  const answer = (shown: boolean) => {
    asked.value?.(shown);
    asked.value = null;
    if (!shown) say(t("proof.cancelled"));
  };
  return <Proof answer={answer} />;
}

function Proof({ answer }: { answer: (shown: boolean) => void }) {
  const factors = useLoad(() => get<Factors>("/factors"));
  const [code, setCode] = useState("");
  const send = () => attempt(() => post("/factors/totp/proof", { code }).then(() => answer(true)));
  const key = () => attempt(() => showPasskey().then(() => answer(true)));
  return (
    <Sheet title={t("proof.title")} close={() => answer(false)}>
      <p>{t("proof.text")}</p>
      {factors.data?.totp && (
        <>
          <CodeField code={code} change={setCode} />
          <button class="btn main" disabled={code.length !== 6} onClick={send}>
            {t("proof.send")}
          </button>
        </>
      )}
      {(factors.data?.passkeys.length ?? 0) > 0 && (
        <button class="btn" onClick={key}>
          {t("proof.useKey")}
        </button>
      )}
    </Sheet>
  );
}

export function CodeField({ code, change }: { code: string; change: (code: string) => void }) {
  return (
    <Field label={t("security.code")}>
      <input
        type="text"
        inputMode="numeric"
        autocomplete="one-time-code"
        maxLength={6}
        value={code}
        onInput={(event) => change(event.currentTarget.value.replace(/\D/g, ""))}
      />
    </Field>
  );
}

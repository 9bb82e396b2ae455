import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { ApiError, get, post } from "../api";
import { counted, t } from "../i18n";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, say, Sheet } from "../ui/parts";
import { showPasskey } from "./passkeys";

export interface Factors {
  totp: boolean;
  passkeys: { id: string; name: string; since_ms: number }[];
  fresh: boolean;
}

const MINUTE_S = 60;

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
  const [waitS, wait] = useWait();
  const show = (shown: Promise<unknown>) =>
    attempt(() =>
      shown.then(
        () => answer(true),
        (err: unknown) => {
          if (!(err instanceof ApiError) || !err.waitS) throw err;
          setCode("");
          wait(err.waitS);
        },
      ),
    );
  const send = () => show(post("/factors/totp/proof", { code }));
  const key = () => show(showPasskey());
  return (
    <Sheet title={t("proof.title")} close={() => answer(false)}>
      <p>{t("proof.text")}</p>
      {waitS > 0 && (
        <div class="note">
          <strong role="alert">{t("proof.locked")}</strong>
          <span class="num">{waitS < MINUTE_S ? counted("proof.waitS", waitS) : counted("proof.waitMin", Math.ceil(waitS / MINUTE_S))}</span>
        </div>
      )}
      {factors.data?.totp && (
        <>
          <CodeField code={code} change={setCode} />
          <button class="btn main" disabled={code.length !== 6 || waitS > 0} onClick={send}>
            {t("proof.send")}
          </button>
        </>
      )}
      {(factors.data?.passkeys.length ?? 0) > 0 && (
        <button class="btn" disabled={waitS > 0} onClick={key}>
          {t("proof.useKey")}
        </button>
      )}
    </Sheet>
  );
}

/** Seconds that are left of a wait, and how one begins. */
function useWait(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const look = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    look();
    const ticking = setInterval(look, 500);
    return () => clearInterval(ticking);
  }, [until]);
  return [left, (seconds) => setUntil(Date.now() + seconds * 1000)];
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

import { useEffect, useState } from "preact/hooks";

import { get, post, remove } from "../api";
import { Countdown } from "../devices/OperationCard";
import { t, type Key } from "../i18n";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, say } from "../ui/parts";
import { Qr } from "../ui/Qr";
import { RoleChoice, type Member } from "./Members";
import { proven } from "./proof";

interface Opened {
  digits: string;
  link: string;
  qr: string[];
  closes_in_s: number;
}

const LOOK_EVERY_MS = 2000;

/** Open the door for one more device: a code to scan, digits to type, and a countdown. */
export function PairPhone({ done }: { done?: () => void }) {
  const members = useLoad(() => get<{ members: Member[] }>("/members"));
  const [member, setMember] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState("adult");
  const [opened, setOpened] = useState<(Opened & { ends: number }) | null>(null);
  useEffect(() => {
    if (!opened) return;
    // The window closes by itself, by three wrong tries, or because somebody came in.
    const timer = setInterval(async () => {
      const now = await get<{ state: string }>("/pairing").catch(() => null);
      if (!now || now.state === "open" || now.state === "asked") return;
      setOpened(null);
      say(t(now.state === "paired" ? "pair.paired" : "pair.closed"));
      if (now.state === "paired") done?.();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [opened]);
  const open = () =>
    attempt(async () => {
      const whom = member ? { member } : { role, name: name.trim() };
      const shown = await proven(() => post<Opened>("/pairing/window", whom));
      setOpened({ ...shown, ends: Date.now() + shown.closes_in_s * 1000 });
    });
  const close = () =>
    attempt(async () => {
      await remove("/pairing/window");
      setOpened(null);
      say(t("pair.closed"));
    });
  const copy = (link: string) => attempt(() => navigator.clipboard.writeText(link).then(() => say(t("common.copied"))));
  if (opened) {
    return (
      <section class="card middle" aria-label={t("settings.pair")} aria-live="polite">
        <h2>{t("pair.scan")}</h2>
        <Qr rows={opened.qr} label={t("pair.scan")} />
        <p>{t("pair.type")}</p>
        <p class="digits num">{opened.digits.replace(/(\d{3})(?=\d)/g, "$1 ")}</p>
        <Countdown ends={opened.ends} />
        <div class="row">
          {window.isSecureContext && (
            <button class="btn" onClick={() => copy(opened.link)}>
              {t("pair.link")}
            </button>
          )}
          <button class="btn" onClick={close}>
            {t("pair.close")}
          </button>
        </div>
      </section>
    );
  }
  return (
    <section class="card" aria-label={t("settings.pair")}>
      <h2>{t("settings.pair")}</h2>
      <p class="soft">{t("settings.pairNote")}</p>
      <Field label={t("pair.for")}>
        <select value={member} onChange={(event) => setMember(event.currentTarget.value)}>
          <option value="">{t("pair.newMember")}</option>
          {members.data?.members.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </Field>
      {!member && (
        <>
          <Field label={t("common.name")}>
            <input type="text" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
          <Field label={t("members.role")} note={t(`role.${role}.may` as Key)}>
            <RoleChoice role={role} change={setRole} />
          </Field>
        </>
      )}
      <div>
        <button class="btn main" disabled={!member && !name.trim()} onClick={open}>
          {t("pair.open")}
        </button>
      </div>
    </section>
  );
}

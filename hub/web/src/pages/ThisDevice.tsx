import { useState } from "preact/hooks";

import { t } from "../i18n";
import { remove } from "../api";
import { forget, known } from "../device";
import { isInstalled, offer } from "../install";
import { me } from "../live";
import { waiting } from "../outbox";
import { ability, isTold, tellMe, tellMeNoMore } from "../push";
import { useLoad } from "../ui/load";
import { attempt, say, Sheet, Switch } from "../ui/parts";
import { ago } from "../words";

/** This phone or browser: how it is known, what waits in it, what it is told, and leaving. */
export function ThisDevice() {
  const device = useLoad(async () => (await known()) ?? null);
  return (
    <div class="panes">
      <section class="card">
        <h2>{device.data?.name ?? t("thisDevice.browser")}</h2>
        <p>
          {device.data
            ? t("thisDevice.letIn", { ago: ago(device.data.since, Date.now()), name: me.value?.member.name ?? "–" })
            : t("thisDevice.elsewhere")}
        </p>
        {waiting.value.length > 0 && (
          <>
            <h3>{t("thisDevice.waits")}</h3>
            <ul class="list lined small">
              {waiting.value.map((one) => (
                <li key={one.id}>
                  {one.words} <span class="soft">{ago(one.at, Date.now())}</span>
                </li>
              ))}
            </ul>
          </>
        )}
        <Leave />
      </section>
      <Install />
      <Told />
    </div>
  );
}

function Install() {
  const asked = offer.value;
  return (
    <section class="card">
      <h2>{t("thisDevice.asApp")}</h2>
      {isInstalled() ? (
        <p>{t("thisDevice.installed")}</p>
      ) : asked ? (
        <button class="btn" onClick={() => void asked.prompt().then(() => (offer.value = null))}>{t("thisDevice.install")}</button>
      ) : (
        <p class="soft">{t("thisDevice.byMenu")}</p>
      )}
      <p class="small soft">{t("thisDevice.offline")}</p>
    </section>
  );
}

function Told() {
  const told = useLoad(isTold);
  const can = ability();
  const change = (on: boolean) =>
    attempt(async () => {
      if (!on) await tellMeNoMore();
      else if (!(await tellMe())) say(t("thisDevice.refused"));
      told.again();
    });
  return (
    <section class="card">
      <h2>{t("thisDevice.told")}</h2>
      <Switch
        label={t("thisDevice.attention")}
        note={t("thisDevice.attentionNote")}
        on={told.data === true}
        disabled={can !== "can"}
        change={change}
      />
      {can === "none" && <p class="small soft">{t("thisDevice.cannot")}</p>}
      {can === "refused" && <p class="small soft">{t("thisDevice.switchedOff")}</p>}
    </section>
  );
}

function Leave() {
  const [asking, ask] = useState(false);
  const leave = async () => {
    const device = await known();
    const mine = device ? `/clients/${device.client}` : `/sessions/${me.value?.session.id ?? ""}`;
    await tellMeNoMore().catch(() => undefined);
    // With the hub away it stays on the hub's list, whose key has gone from here: it opens nothing.
    await remove(mine).catch(() => undefined);
    await forget();
    location.assign("/");
  };
  return (
    <>
      <button class="btn danger" style={{ justifySelf: "start" }} onClick={() => ask(true)}>{t("thisDevice.leave")}</button>
      {asking && (
        <Sheet title={t("thisDevice.leaveTitle")} close={() => ask(false)}>
          <p>{t("thisDevice.leaveText")}</p>
          <div class="row">
            <button class="btn danger" onClick={leave}>{t("thisDevice.takeOut")}</button>
            <button class="btn" onClick={() => ask(false)}>{t("thisDevice.keep")}</button>
          </div>
        </Sheet>
      )}
    </>
  );
}

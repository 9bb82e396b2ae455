import { useState } from "preact/hooks";

import { get, patch, remove } from "../api";
import { counted, number, t } from "../i18n";
import { devices, refresh, rooms } from "../live";
import { go } from "../route";
import type { Device } from "../types";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Empty, Problem, say, Skeleton, Switch } from "../ui/parts";
import { dayAndTime } from "../words";
import { Controls } from "./Controls";

interface Diagnosis {
  device: Device & { given: { name: string | null; room: string | null }; first_seen_ms: number | null };
  driver: { name: string; service: { state: string; restarts: number; reason: string } | null; stats: Record<string, unknown> };
  last_outcomes: { id: number; at_ms: number; command: Record<string, unknown>; status: string; reason: string; took_ms: number }[];
}

/** One device: what it is called and where it stands, how it is, and its way out. */
export function DevicePage({ id }: { id: string }) {
  const path = `/devices/${encodeURIComponent(id)}`;
  const found = useLoad(() => get<Diagnosis>(path), [id]);
  const live = devices.value?.find((device) => device.id === id);
  const [name, setName] = useState<string | null>(null);
  if (found.error) return found.error.status === 404 ? <Empty title={t("device.gone")}>{t("device.goneText")}</Empty> : <Problem error={found.error} retry={found.again} />;
  if (!found.data) return <Skeleton height={320} />;
  const { driver, last_outcomes: last } = found.data;
  const device = { ...found.data.device, ...live };
  const given = found.data.device.given;
  const change = (what: Record<string, unknown>) =>
    attempt(async () => {
      await patch(path, what);
      await refresh();
      found.again();
      setName(null);
      say(t("device.saved", { name: device.name }));
    });
  const forget = () =>
    attempt(async () => {
      await remove(path);
      await refresh();
      go("/devices");
      say(t("device.forgotten", { name: device.name }));
    });
  return (
    <div class="panes">
      <div class="list">
        <section class="card" aria-label={device.name}>
          <div class="row between">
            <h2>{device.name}</h2>
            {!device.available && <span class="tag">{t("devices.away")}</span>}
          </div>
          {device.simulated && <p class="soft">{t("device.simulated")}</p>}
          <Field label={t("device.name")} note={t("device.nameNote")}>
            <input type="text" maxLength={60} placeholder={device.name} value={name ?? given.name ?? ""} onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
          {name !== null && name !== (given.name ?? "") && (
            <div class="row">
              <button class="btn main" onClick={() => change({ name: name.trim() })}>
                {t("common.save")}
              </button>
              <button class="btn" onClick={() => setName(null)}>
                {t("common.cancel")}
              </button>
            </div>
          )}
          <Field label={t("device.room")}>
            <RoomChoice room={device.room} change={(room) => change(room ? { room } : { nowhere: true })} />
          </Field>
          <Switch label={t("device.hide")} note={t("device.hideNote")} on={device.hidden} change={(hidden) => change({ hidden })} />
          <Switch label={t("device.disable")} note={t("device.disableNote")} on={device.disabled} change={(disabled) => change({ disabled })} />
        </section>
        {!device.available && (
          <section class="card">
            <p class="soft">{t("device.forgetNote")}</p>
            <div>
              <button class="btn danger" onClick={forget}>
                {t("device.forget")}
              </button>
            </div>
          </section>
        )}
      </div>
      <div class="list">
        {!device.disabled && (
          <section class="card" aria-label={t("device.control")}>
            <h2>{t("device.control")}</h2>
            <Controls device={device} />
          </section>
        )}
        <section class="card" aria-label={t("device.health")}>
          <h2>{t("device.health")}</h2>
          <dl class="facts">
            <Fact name={t("device.seen")} value={device.available ? t("device.now") : device.last_seen_ms ? dayAndTime(device.last_seen_ms) : t("device.never")} />
            <Fact name={t("device.firstSeen")} value={found.data.device.first_seen_ms ? dayAndTime(found.data.device.first_seen_ms) : t("device.never")} />
            <Fact name={t("device.network")} value={driver.name} />
            {driver.service && <Fact name={t("device.service")} value={`${driver.service.state}, ${counted("device.restarts", driver.service.restarts)}`} />}
            <Fact name={t("device.model")} value={[device.info.manufacturer, device.info.model, device.info.version].filter(Boolean).join(" ") || t("device.noModel")} />
            <Fact name={t("device.id")} value={id} />
          </dl>
          {driver.service?.reason && <p class="soft">{driver.service.reason}</p>}
          <h3>{t("device.last")}</h3>
          {!last.length && <p class="soft">{t("device.noneLast")}</p>}
          <ul class="list lined small">
            {last.map((one) => (
              <li key={one.id}>
                <div class="row between nowrap">
                  <span>{commandWords(one.command)}</span>
                  <span class="nobreak">
                    {one.status} · {t("device.took", { ms: number(one.took_ms) })}
                  </span>
                </div>
                <span class="soft">
                  {dayAndTime(one.at_ms)} {one.reason}
                </span>
              </li>
            ))}
          </ul>
          {Object.keys(driver.stats).length > 0 && (
            <details>
              <summary>{t("device.counters")}</summary>
              <pre class="literal">{Object.entries(driver.stats).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join("\n")}</pre>
            </details>
          )}
        </section>
      </div>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** In which room a device stands. */
export function RoomChoice({ room, label, change }: { room: string | null; label?: string; change: (room: string) => void }) {
  return (
    <select aria-label={label} value={room ?? ""} onChange={(event) => change(event.currentTarget.value)}>
      <option value="">{t("devices.noRoom")}</option>
      {rooms.value.map((one) => (
        <option key={one.id} value={one.id} selected={one.id === room}>
          {one.name}
        </option>
      ))}
    </select>
  );
}

/** A command as it stands in the records: `SetLight on: true, level: 0.3`. */
function commandWords(command: Record<string, unknown>): string {
  const { do: what, ...rest } = command;
  const given = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return `${String(what)} ${given.map(([key, value]) => `${key}: ${String(value)}`).join(", ")}`;
}

import { get, patch } from "../api";
import { DevicePage, RoomChoice } from "../devices/DevicePage";
import { Discovered } from "../devices/Discovered";
import { joins, type Operation } from "../devices/join";
import { OperationCard } from "../devices/OperationCard";
import { RoomsCard } from "../devices/RoomsCard";
import { t } from "../i18n";
import { devices, refresh, roomsOf } from "../live";
import { path } from "../route";
import type { Device } from "../types";
import { useLoad } from "../ui/load";
import { attempt, Empty, Problem, Skeleton } from "../ui/parts";

/** Every device, one of them, or the ways by which a new one comes in. */
export function Devices() {
  const which = path.value.split("/").slice(2).join("/");
  if (which === "add") return <Add />;
  if (which) return <DevicePage key={which} id={decodeURIComponent(which)} />;
  const all = devices.value;
  if (!all) return <Skeleton height={320} />;
  const homeless = all.filter((device) => !device.room && !device.hidden && !device.disabled);
  return (
    <div class="panes">
      <div class="list">
        <div>
          <a class="btn main" href="/devices/add">
            {t("devices.add")}
          </a>
        </div>
        {!all.length && <Empty title={t("devices.none")}>{t("devices.noneText")}</Empty>}
        {homeless.length > 0 && <Homeless found={homeless} />}
        {roomsOf(all).map((room) => (
          <section class="card" key={room.id ?? ""} aria-label={room.name}>
            <h2>{room.id ? room.name : t("devices.noRoom")}</h2>
            <ul class="list lined">
              {room.devices.map((device) => (
                <li key={device.id}>
                  <Line device={device} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <RoomsCard />
    </div>
  );
}

function Line({ device }: { device: Device }) {
  return (
    <a class="go" href={`/devices/${encodeURIComponent(device.id)}`}>
      <span>
        {device.name}
        {!device.simulated && <span class="soft small block">{device.driver}</span>}
      </span>
      <span class="row end">
        {device.simulated && <span class="tag">{t("common.simulated")}</span>}
        {device.disabled ? <span class="tag">{t("devices.disabled")}</span> : !device.available && <span class="tag">{t("devices.away")}</span>}
        {device.hidden && <span class="tag">{t("devices.hidden")}</span>}
      </span>
    </a>
  );
}

/** What came in and stands nowhere yet. */
function Homeless({ found }: { found: readonly Device[] }) {
  const place = (device: Device, room: string) =>
    attempt(async () => {
      await patch(`/devices/${encodeURIComponent(device.id)}`, { room });
      await refresh();
    });
  return (
    <section class="card" aria-label={t("devices.new")}>
      <h2>{t("devices.new")}</h2>
      <p class="soft">{t("devices.newNote")}</p>
      <ul class="list lined">
        {found.map((device) => (
          <li class="list" key={device.id}>
            <strong>{device.name}</strong>
            <RoomChoice room={null} label={`${t("device.room")}: ${device.name}`} change={(room) => room && place(device, room)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Add() {
  const found = useLoad(() => get<{ operations: Operation[] }>("/networks"));
  if (found.error) return <Problem error={found.error} retry={found.again} />;
  if (!found.data) return <Skeleton height={320} />;
  const joining = found.data.operations.filter(joins);
  const others = found.data.operations.filter((one) => !joins(one));
  const homeless = (devices.value ?? []).filter((device) => !device.room && !device.hidden && !device.disabled);
  return (
    <div class="list">
      <p class="soft">{t("join.intro")}</p>
      {homeless.length > 0 && <Homeless found={homeless} />}
      {!joining.length && <Empty title={t("join.none")}>{t("join.noneText")}</Empty>}
      <div class="columns">
        {joining.map((one) => (
          <OperationCard key={`${one.driver} ${one.name}`} operation={one} live />
        ))}
      </div>
      <Discovered />
      {others.length > 0 && (
        <details>
          <summary>{t("join.others")}</summary>
          <div class="columns">
            {others.map((one) => (
              <OperationCard key={`${one.driver} ${one.name}`} operation={one} live={false} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

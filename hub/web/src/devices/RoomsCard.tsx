import { useState } from "preact/hooks";

import { get, put, remove } from "../api";
import { counted, t } from "../i18n";
import { refresh } from "../live";
import { idOf } from "../rules/rule";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";

interface Room {
  id: string;
  name: string;
  devices: string[];
  people: string[];
  etag: string;
}

/** The rooms of the home: add, rename, remove. */
export function RoomsCard() {
  const rooms = useLoad(() => get<{ rooms: Room[] }>("/rooms"));
  const [name, setName] = useState("");
  const id = idOf(name);
  const taken = rooms.data?.rooms.some((room) => room.id === id) ?? false;
  const changed = async () => {
    rooms.again();
    await refresh();
  };
  const add = () =>
    attempt(async () => {
      await put(`/rooms/${id}`, { name: name.trim() });
      setName("");
      await changed();
    });
  const rename = (room: Room, next: string) =>
    attempt(async () => {
      await put(`/rooms/${room.id}`, { name: next, devices: room.devices }, { ifMatch: room.etag });
      say(t("devices.renamed", { name: next }));
      await changed();
    });
  const drop = (room: Room) =>
    attempt(async () => {
      await remove(`/rooms/${room.id}`, { ifMatch: room.etag });
      const back = () =>
        attempt(async () => {
          await put(`/rooms/${room.id}`, { name: room.name, devices: room.devices });
          await changed();
          say(t("common.undone", { name: room.name }));
        });
      say(t("common.deleted", { name: room.name }), { label: t("common.undo"), run: () => void back() });
      await changed();
    });
  return (
    <section class="card" aria-label={t("devices.rooms")}>
      <h2>{t("devices.rooms")}</h2>
      {rooms.error && <Problem error={rooms.error} retry={rooms.again} />}
      {!rooms.data && !rooms.error && <Skeleton height={120} />}
      <ul class="list lined">
        {rooms.data?.rooms.map((room) => (
          <li class="row nowrap" key={room.id}>
            <span class="grow">
              <input
                type="text"
                aria-label={`${t("devices.roomName")}: ${room.name}`}
                maxLength={60}
                defaultValue={room.name}
                onChange={(event) => event.currentTarget.value.trim() && rename(room, event.currentTarget.value.trim())}
              />
              <span class="soft small">{counted("devices.devicesIn", room.devices.length)}</span>
            </span>
            <button class="btn quiet" aria-label={`${t("common.delete")}: ${room.name}`} onClick={() => drop(room)}>
              {t("common.delete")}
            </button>
          </li>
        ))}
      </ul>
      <Field label={t("devices.addRoom")} error={taken ? t("devices.roomTaken") : undefined}>
        <input type="text" maxLength={60} placeholder={t("devices.roomName")} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <div>
        <button class="btn" disabled={!id || taken} onClick={add}>
          {t("common.add")}
        </button>
      </div>
    </section>
  );
}

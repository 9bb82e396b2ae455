import { useState } from "preact/hooks";

import { get, post } from "../api";
import { t } from "../i18n";
import { devices, refresh, rooms } from "../live";
import { go, path } from "../route";
import { idOf, nameOf } from "../rules/rule";
import { sceneWords, type KnownScene } from "../scenes/scene";
import { applyScene, SceneEditor } from "../scenes/SceneEditor";
import { Field } from "../ui/Choice";
import { useLoad } from "../ui/load";
import { attempt, Empty, Problem, say, Skeleton } from "../ui/parts";

/** Every scene with a way to try it, or one of them to edit. */
export function Scenes() {
  const scenes = useLoad(() => get<{ scenes: KnownScene[] }>("/scenes"));
  if (scenes.error && !scenes.data) return <Problem error={scenes.error} retry={scenes.again} />;
  if (!devices.value || !scenes.data) return <Skeleton height={320} />;
  const known = scenes.data.scenes;
  const ids = known.map((one) => one.id);
  const which = path.value.split("/")[2];
  if (which) return <SceneEditor key={which} known={known.find((one) => one.id === which) ?? null} ids={ids} done={scenes.again} />;
  return (
    <div class="panes">
      <section class="list" aria-label={t("page.scenes")}>
        <p class="soft">{t("scenes.intro")}</p>
        {!known.length && <Empty title={t("scenes.none")}>{t("scenes.noneText")}</Empty>}
        {known.map((one) => (
          <Item key={one.id} known={one} />
        ))}
      </section>
      <div class="list">
        {rooms.value.length > 0 && <SaveNow ids={ids} done={scenes.again} />}
        <div>
          <a class="btn" href="/scenes/new">
            {t("scenes.new")}
          </a>
        </div>
      </div>
    </div>
  );
}

function Item({ known }: { known: KnownScene }) {
  const name = known.scene.name || nameOf(known.id);
  return (
    <article class="card">
      <h2>
        <a class="plain" href={`/scenes/${known.id}`}>
          {name}
        </a>
      </h2>
      <p class="soft">{sceneWords(known.scene)}</p>
      <div class="row">
        {rooms.value.slice(0, 4).map((room) => (
          <button class="btn" key={room.id} aria-label={`${name}: ${t("scenes.tryIn")} ${room.name}`} onClick={() => attempt(() => applyScene(known.id, name, room.id))}>
            {room.name}
          </button>
        ))}
        <a class="btn end" href={`/scenes/${known.id}`} aria-label={`${t("common.edit")}: ${name}`}>
          {t("common.edit")}
        </a>
      </div>
    </article>
  );
}

/** A scene made of a room as it is. */
function SaveNow({ ids, done }: { ids: readonly string[]; done: () => void }) {
  const [room, setRoom] = useState(rooms.value[0]!.id);
  const [name, setName] = useState("");
  const id = idOf(name);
  const taken = ids.includes(id);
  const save = () =>
    attempt(async () => {
      await post(`/scenes/${id}/save`, { room, name: name.trim() });
      done();
      await refresh();
      say(t("common.saved"));
      go(`/scenes/${id}`);
    });
  return (
    <section class="card" aria-label={t("scenes.saveNow")}>
      <h2>{t("scenes.saveNow")}</h2>
      <p class="soft small">{t("scenes.saveNowNote")}</p>
      <Field label={t("common.name")} error={taken ? t("scenes.nameTaken") : undefined}>
        <input type="text" maxLength={60} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <Field label={t("scenes.inRoom")}>
        <select value={room} onChange={(event) => setRoom(event.currentTarget.value)}>
          {rooms.value.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </Field>
      <div>
        <button class="btn main" disabled={!id || taken} onClick={save}>
          {t("common.save")}
        </button>
      </div>
    </section>
  );
}

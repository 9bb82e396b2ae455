import { command } from "../control";
import { can } from "../devices/Controls";
import { t } from "../i18n";
import { devices } from "../live";
import { Empty } from "../ui/parts";

/** What plays. Choosing music by mood comes with the music library; this page says so. */
export function Music() {
  const players = (devices.value ?? []).filter((device) => can(device, "audible"));
  if (!players.length) {
    return <Empty title={t("music.none")}>{t("music.noneText")}</Empty>;
  }
  return (
    <>
      {players.map((player) => (
        <section class="card" key={player.id}>
          <div class="row between">
            <h2>{player.name}</h2>
            {player.simulated && <span class="tag">{t("common.simulated")}</span>}
          </div>
          <p>{player.state.playing ?? <span class="soft">{t("music.silence")}</span>}</p>
          <label class="field">
            <span>{t("control.volume")}</span>
            <input
              type="range"
              min={0}
              max={100}
              value={Math.round((player.state.volume ?? 0) * 100)}
              onChange={(event) => command(player, { volume: Number(event.currentTarget.value) / 100 })}
            />
          </label>
        </section>
      ))}
      <p class="small soft">
        {t("music.later")}
      </p>
    </>
  );
}

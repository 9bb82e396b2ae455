import { t, word } from "../i18n";
import { moods, rooms } from "../live";
import type { SenseVoice, Sensing } from "../types";
import { adjective, percent, senseWord } from "../words";

/** At and below this quality a reading without a mood of its own says nothing. */
const LEAST = 0.2;

/** What each sense makes of this moment, in boxes and numbers: there never is a picture. */
export function LiveCheck() {
  const sources = (moods.value?.sensing ?? []).filter((one) => one.sense !== "text");
  const said = (moods.value?.rooms ?? []).flatMap((room) => room.senses);
  return (
    <section class="card" aria-label={t("welcome.check")}>
      <h2>{t("welcome.check")}</h2>
      <p class="soft">{sources.length ? t("welcome.checkNote") : t("welcome.noSource")}</p>
      <ul class="list lined">
        {sources.map((source) => (
          <li class="list" key={source.source}>
            <Source source={source} said={said.filter((one) => one.source === source.source)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Source({ source, said }: { source: Sensing; said: readonly SenseVoice[] }) {
  const room = rooms.value.find((one) => one.id === source.room)?.name ?? source.room;
  const boxes = said.flatMap((one) => (one.box ? [one.box] : []));
  return (
    <>
      <div class="row between">
        <strong>
          {senseWord(source.sense)} · {room}
        </strong>
        {source.simulated && <span class="tag">{t("common.simulated")}</span>}
      </div>
      {source.sense === "face" && source.state === "on" && (
        <svg class="boxes" viewBox="0 0 160 120" role="img" aria-label={t("welcome.faces", { source: room })}>
          {boxes.map(([x, y, width, height], index) => (
            <rect key={index} x={x * 160} y={y * 120} width={width * 160} height={height * 120} rx={4} />
          ))}
        </svg>
      )}
      {source.state !== "on" && <p class="soft">{offBecause(source)}</p>}
      {source.state === "on" && !said.length && <p class="soft">{t("welcome.checkNothing")}</p>}
      {said.map((one, index) => (
        <p class="num" key={index}>
          {t(one.label ? "welcome.checkSeen" : (one.quality ?? 0) > LEAST ? "welcome.checkFelt" : "welcome.checkWeak", {
            mood: adjective(one.label ?? ""),
            level: t(one.arousal > 0.1 ? "welcome.stirred" : one.arousal < -0.1 ? "welcome.rested" : "welcome.even"),
            quality: percent(one.quality ?? 0),
            weight: percent(one.weight ?? 0),
          })}
        </p>
      ))}
    </>
  );
}

function offBecause(source: Sensing): string {
  if (source.reason) return t("welcome.checkOff", { why: source.reason });
  return source.allowed ? word("state", source.state) : t("welcome.checkOff", { why: t("sensing.notAll") });
}

import { useEffect } from "preact/hooks";

import { get } from "../api";
import { counted, number, t, word } from "../i18n";
import { duration } from "../rules/tell";
import { useLoad } from "../ui/load";
import { Problem, Skeleton } from "../ui/parts";
import { senseWord } from "../words";

interface Status {
  version: string;
  uptime_s: number;
  services: { name: string; state: string; restarts: number; reason: string }[];
  senses: { source: string; sense: string; state: string; reason: string }[];
  counts: Record<string, unknown>;
  drops: Record<string, number>;
  rss_mb: Record<string, number | null>;
  camera_to_command_ms: Record<string, number | null>;
}

const EVERY_MS = 5000;
const WELL = "running";

/** Every part of the hub: whether it works, restarts, drops, memory. */
export function Health() {
  const status = useLoad(() => get<Status>("/status"));
  const updates = useLoad(() => get<{ newer: string; why: string }>("/system/updates").catch(() => null));
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && status.again(), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (status.error && !status.data) return <Problem error={status.error} retry={status.again} />;
  if (!status.data) return <Skeleton height={320} />;
  const { services, senses, drops, counts, rss_mb: memory, camera_to_command_ms: reaction } = status.data;
  const ailing = services.filter((one) => one.state !== WELL);
  const dropped = Object.entries(drops).filter(([, n]) => n > 0);
  return (
    <div class="panes">
      <section class="card" aria-label={t("health.services")}>
        <h2>{ailing.length ? counted("health.some", ailing.length) : t("health.all")}</h2>
        <p class="soft">{t("health.up", { time: duration(roundTime(status.data.uptime_s)) })}</p>
        <ul class="list lined">
          {[...ailing, ...services.filter((one) => one.state === WELL)].map((one) => (
            <li key={one.name}>
              <div class="row between">
                <span>{partName(one.name)}</span>
                <span class="row">
                  {one.restarts > 0 && <span class="soft small">{counted("device.restarts", one.restarts)}</span>}
                  <span class={`tag ${one.state === WELL ? "ok" : "warn"}`}>{word("health.state", one.state)}</span>
                </span>
              </div>
              {one.reason && <p class="soft small">{one.reason}</p>}
            </li>
          ))}
        </ul>
      </section>
      <div class="list">
        <section class="card" aria-label={t("health.senses")}>
          <h2>{t("health.senses")}</h2>
          <ul class="list lined">
            {senses.map((one) => (
              <li class="row between" key={one.source}>
                <span>
                  {senseWord(one.sense)} <span class="soft small">{one.source}</span>
                </span>
                <span class="tag">{word("state", one.state)}</span>
                {one.reason && <p class="soft small">{one.reason}</p>}
              </li>
            ))}
          </ul>
        </section>
        <section class="card" aria-label={t("health.drops")}>
          <h2>{t("health.drops")}</h2>
          {dropped.length ? <Facts of={dropped.map(([name, n]) => [name, number(n)])} /> : <p class="soft">{t("health.noDrops")}</p>}
        </section>
        <section class="card" aria-label={t("health.counts")}>
          <h2>{t("health.counts")}</h2>
          <Facts
            of={[
              ...Object.entries(counts).filter((pair): pair is [string, number] => typeof pair[1] === "number").map(([name, n]): [string, string] => [word("health.count", name), number(n)]),
              ...Object.entries(memory).filter(([, mb]) => mb !== null).map(([name, mb]): [string, string] => [`${t("health.memory")}: ${word("health.of", name)}`, t("health.megabytes", { n: number(mb!, 0) })]),
              ...Object.entries(reaction).filter(([, ms]) => ms !== null).map(([name, ms]): [string, string] => [`${t("health.reaction")}: ${word("health.of", name)}`, t("device.took", { ms: number(ms!, 0) })]),
              [t("health.version"), status.data.version],
            ]}
          />
          {updates.data && (
            <p class="soft small">
              {t("health.updates")}: {updates.data.why}
            </p>
          )}
        </section>
      </div>
    </div>
  );
}

/** What people call a part of the hub; a driver goes by the name that it has in the configuration. */
function partName(name: string): string {
  if (name.startsWith("driver ")) return t("health.driver", { name: name.slice("driver ".length) });
  return word("health.part", name.replace(" ", "_"));
}

function Facts({ of }: { of: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd class="num">{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** A running time in a unit that fits it. */
export function roundTime(seconds: number): number {
  const unit = seconds >= 2 * 86_400 ? 86_400 : seconds >= 2 * 3600 ? 3600 : seconds >= 60 ? 60 : 1;
  return Math.max(1, Math.floor(seconds / unit)) * unit;
}

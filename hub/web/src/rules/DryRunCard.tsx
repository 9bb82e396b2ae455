import { post } from "../api";
import { t } from "../i18n";
import { useLoad } from "../ui/load";
import { Problem, Skeleton } from "../ui/parts";
import { dayAndTime } from "../words";
import { dryRunWords, type DryRun } from "./dryrun";
import type { Rule } from "./rule";

const SHOWN = 6;
/** The hub replays a week with the real decider: seconds on a small machine. */
const LIMIT_MS = 60_000;

/** What the rule would have done last week. */
export function DryRunCard({ rule, name }: { rule: Rule; name?: string | undefined }) {
  const asked = useLoad(
    () => post<DryRun>("/policies/dry-run", { rule, name, days: 7 }, { limitMs: LIMIT_MS }),
    [JSON.stringify(rule)],
  );
  const wrong = asked.error !== null && asked.error.status >= 400 && asked.error.status < 500;
  const told = asked.data && dryRunWords(asked.data, rule.when.mood !== undefined);
  return (
    <section class="card" aria-label={t("dry.title")} aria-live="polite">
      <h2>{t("dry.title")}</h2>
      {asked.error && (wrong ? <p class="soft">{t("dry.wrong")} {asked.error.message}</p> : <Problem error={asked.error} retry={asked.again} />)}
      {!asked.error && !told && (
        <>
          <span class="visually-hidden">{t("dry.asking")}</span>
          <Skeleton height={72} />
        </>
      )}
      {!asked.error && told && (
        <>
          <p class="big">{told.main}</p>
          {told.notes.map((note) => (
            <p class="soft" key={note}>
              {note}
            </p>
          ))}
          {asked.data!.times.length > 0 && (
            <details>
              <summary>{t("dry.times")}</summary>
              <ul class="list lined small">
                {asked.data!.times.slice(0, SHOWN).map((one) => (
                  <li key={one.at_ms}>
                    <strong class="num">{dayAndTime(one.at_ms)}</strong>
                    <div class="soft">{one.because}</div>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}

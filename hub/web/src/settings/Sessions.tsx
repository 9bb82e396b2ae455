import { get, remove } from "../api";
import { t } from "../i18n";
import { useLoad } from "../ui/load";
import { attempt, Problem, say, Skeleton } from "../ui/parts";
import { ago, dayAndTime } from "../words";
import type { Member } from "./Members";
import { proven } from "./proof";

interface Session {
  id: string;
  kind: string;
  name: string;
  member: string;
  scopes: string[];
  seen_ms: number;
  current: boolean;
}

interface Client {
  id: string;
  member: string;
  name: string;
  since_ms: number;
}

/** What is signed in, and which devices may sign in anew; both can be ended. */
export function Sessions() {
  const all = useLoad(async () => ({
    sessions: (await get<{ sessions: Session[] }>("/sessions")).sessions,
    clients: (await get<{ clients: Client[] }>("/clients")).clients,
    members: (await get<{ members: Member[] }>("/members")).members,
  }));
  if (all.error) return <Problem error={all.error} retry={all.again} />;
  if (!all.data) return <Skeleton height={240} />;
  const { sessions, clients, members } = all.data;
  const memberName = (id: string) => members.find((one) => one.id === id)?.name ?? id;
  const end = (session: Session) =>
    attempt(async () => {
      await remove(`/sessions/${session.id}`);
      say(t("sessions.ended", { name: session.name }));
      if (session.current) location.reload();
      all.again();
    });
  const unpair = (client: Client) =>
    attempt(async () => {
      await proven(() => remove(`/clients/${client.id}`));
      say(t("sessions.unpaired", { name: client.name }));
      all.again();
    });
  return (
    <div class="panes">
      <section class="card" aria-label={t("settings.sessions")}>
        <h2>{t("settings.sessions")}</h2>
        <ul class="list lined">
          {[...sessions].sort((a, b) => b.seen_ms - a.seen_ms).map((one) => (
            <li class="row between nowrap" key={one.id}>
              <span>
                {one.name} {one.current && <span class="tag">{t("sessions.this")}</span>}
                <span class="soft small block">
                  {memberName(one.member)} · {t(one.kind === "token" ? "sessions.token" : "sessions.browser")}
                  {one.scopes.length > 0 && ` (${one.scopes.join(", ")})`} · {t("sessions.seen", { ago: ago(one.seen_ms, Date.now()) })}
                </span>
              </span>
              <button class="btn" aria-label={`${t("sessions.end")}: ${one.name}`} onClick={() => end(one)}>
                {t("sessions.end")}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section class="card" aria-label={t("sessions.clients")}>
        <h2>{t("sessions.clients")}</h2>
        <p class="soft small">{t("sessions.clientsNote")}</p>
        {!clients.length && <p class="soft">{t("sessions.noClients")}</p>}
        <ul class="list lined">
          {clients.map((one) => (
            <li class="row between nowrap" key={one.id}>
              <span>
                {one.name}
                <span class="soft small block">
                  {memberName(one.member)} · {t("members.since", { when: dayAndTime(one.since_ms) })}
                </span>
              </span>
              <button class="btn danger" aria-label={`${t("sessions.unpair")}: ${one.name}`} onClick={() => unpair(one)}>
                {t("sessions.unpair")}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

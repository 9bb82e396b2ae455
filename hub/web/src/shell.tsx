import { useEffect, useState } from "preact/hooks";

import { connection, homeName, lostAt, me } from "./live";
import { refused, waiting } from "./outbox";
import { counted, t, word } from "./i18n";
import { MENU, pageAt, PAGES, TABS } from "./pages";
import { path } from "./route";
import { Sensing } from "./sensing";
import { Icon } from "./ui/icons";
import { Lazy } from "./ui/lazy";
import { Empty, say, Sheet, ToastPlace } from "./ui/parts";
import { FirstRun } from "./welcome/FirstRun";
import { clock } from "./words";

export function Shell() {
  const found = pageAt(path.value);
  const title = found ? t(found.page.title) : "";
  useEffect(() => {
    document.title = [title, homeName.value || "MoodSync"].filter(Boolean).join(" · ");
  }, [title, homeName.value]);
  return (
    <div class="shell">
      <header class="top">
        <h1>{title || "MoodSync"}</h1>
        <Sensing />
        <Home />
      </header>
      <nav class="tabs" aria-label={t("shell.pages")}>
        {TABS.map((tab) => (
          <a key={tab.to} href={tab.to} aria-current={found?.at === tab.to ? "page" : undefined}>
            <Icon name={tab.icon} />
            {t(PAGES[tab.to]!.title)}
          </a>
        ))}
      </nav>
      <main class="main">
        <Away />
        <Refused />
        <FirstRun />
        {found ? (
          <Lazy key={found.at} name={found.at} load={found.page.load} />
        ) : (
          <Empty title={t("shell.noPage")}>{t("shell.noPageText")}</Empty>
        )}
      </main>
      <ToastPlace />
    </div>
  );
}

/** The home's name; behind it, what is not needed every day. */
function Home() {
  const [open, setOpen] = useState(false);
  const name = homeName.value || t("shell.home");
  const may = me.value?.access ?? [];
  const pages = MENU.filter((to) => !PAGES[to]!.needs || may.includes(PAGES[to]!.needs!));
  return (
    <>
      <button class="btn quiet home" aria-haspopup="dialog" aria-label={name} onClick={() => setOpen(true)}>
        <span>{name}</span>
        <Icon name="down" />
        <Icon name="menu" />
      </button>
      {open && (
        <Sheet title={name} close={() => setOpen(false)}>
          <ul class="list lined menu">
            {pages.map((to) => (
              <li key={to}>
                <a href={to} onClick={() => setOpen(false)}>{t(PAGES[to]!.title)}</a>
              </li>
            ))}
          </ul>
          {me.value && <p class="small soft">{t("settings.you", { name: me.value.member.name, role: word("role", me.value.member.role) })}</p>}
        </Sheet>
      )}
    </>
  );
}

function Away() {
  if (connection.value !== "offline") return null;
  const count = waiting.value.length;
  return (
    <div class="note" role="status">
      <strong>{lostAt.value ? t("shell.awaySince", { time: clock(lostAt.value) }) : t("shell.away")}</strong>
      <span>{t("shell.goesOn")}</span>
      {count > 0 && <span>{counted("shell.waits", count)}</span>}
    </div>
  );
}

/** What was told while the hub was away and could not be taken. */
function Refused() {
  useEffect(() => {
    if (!refused.value) return;
    say(refused.value);
    refused.value = null;
  }, [refused.value]);
  return null;
}

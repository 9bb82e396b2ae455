"""Members of the household, their devices and sessions, as config.db keeps them.

All of it is read into memory at the start: a home has a few dozen rows, and every request asks.
"""

import json
import sqlite3
from dataclasses import replace

from hub.phrase import Phrase
from hub.store.account_records import Client, Member, Passkey, PushTarget, Session, read_all
from hub.store.config_db import ConfigDb, add_audit


class Accounts:
    """Read from memory, written through; a change counts once it is on the disk.

    Revoking counts at once, whatever the disk.
    """

    def __init__(self, config: ConfigDb) -> None:
        self._config = config
        self.members: dict[str, Member] = {}
        self.clients: dict[str, Client] = {}
        self.sessions: dict[str, Session] = {}
        self.passkeys: dict[bytes, Passkey] = {}
        self.push: dict[str, PushTarget] = {}
        self._by_hash: dict[bytes, str] = {}

    async def load(self) -> None:
        """Read everything anew."""
        found = await self._config.writer.run(read_all)
        self.members = {one.id: one for one in found.members}
        self.clients = {one.id: one for one in found.clients}
        self.sessions = {one.id: one for one in found.sessions}
        self.passkeys = {one.id: one for one in found.passkeys}
        self.push = {one.endpoint: one for one in found.push}
        self._by_hash = {one.hash: one.id for one in found.sessions}

    def session(self, digest: bytes) -> Session | None:
        """Return the session whose secret has this SHA-256."""
        found = self._by_hash.get(digest)
        return None if found is None else self.sessions.get(found)

    async def put_member(self, member: Member, by: str) -> None:
        """Add or change a member."""
        await self._write(
            "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(member.id, member.name, member.role, member.person, member.since_ms),
                *(member.totp, member.totp_step),
            ),
            by,
            Phrase("audit.member_saved"),
            member.id,
        )
        self.members[member.id] = member

    async def drop_member(self, member: str, by: str) -> None:
        """Remove a member with everything that lets them in."""
        self.members.pop(member, None)
        for session in [s for s in self.sessions.values() if s.member == member]:
            self._forget_session(session)
        self.clients = {k: c for k, c in self.clients.items() if c.member != member}
        self.passkeys = {k: p for k, p in self.passkeys.items() if p.member != member}
        self.push = {k: p for k, p in self.push.items() if p.member != member}
        now = self._config.now_ms()

        def job(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM member WHERE id = ?", (member,))
            for table in ("client", "session", "passkey", "push"):
                conn.execute(f"DELETE FROM {table} WHERE member = ?", (member,))  # noqa: S608
            add_audit(conn, now, by, Phrase("audit.member_removed"), member)

        await self._config.write(job)

    async def put_client(self, client: Client, by: str) -> None:
        """Add a paired device."""
        await self._write(
            "INSERT OR REPLACE INTO client VALUES (?, ?, ?, ?, ?)",
            (client.id, client.member, client.name, client.key, client.since_ms),
            by,
            Phrase("audit.device_paired"),
            client.name,
        )
        self.clients[client.id] = client

    async def drop_client(self, client: str, by: str) -> None:
        """Unpair a device; its sessions end with it."""
        gone = self.clients.pop(client, None)
        for session in [s for s in self.sessions.values() if s.client == client]:
            self._forget_session(session)
        self.push = {k: p for k, p in self.push.items() if p.client != client}
        now = self._config.now_ms()

        def job(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM client WHERE id = ?", (client,))
            conn.execute("DELETE FROM session WHERE client = ?", (client,))
            conn.execute("DELETE FROM push WHERE client = ?", (client,))
            add_audit(conn, now, by, Phrase("audit.device_unpaired"), gone.name if gone else client)

        await self._config.write(job)

    async def put_session(self, session: Session, by: str) -> None:
        """Add a session or token."""
        await self._write(
            "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(session.id, session.hash, session.member, session.client, session.kind),
                *(session.name, json.dumps(session.scopes), session.since_ms, session.seen_ms),
                *(session.until_ms, session.proved_ms),
            ),
            by,
            Phrase(f"audit.{session.kind}_opened"),
            session.name,
        )
        self.sessions[session.id] = session
        self._by_hash[session.hash] = session.id

    def seen(self, session: Session, at_ms: int) -> None:
        """Note in memory when a session was last used; `save_seen` writes it."""
        self.sessions[session.id] = replace(session, seen_ms=at_ms)

    def proved(self, session: Session, at_ms: int) -> None:
        """Note in memory that a session has just shown a second factor."""
        self.sessions[session.id] = replace(session, proved_ms=at_ms)

    async def save_seen(self) -> None:
        """Write when sessions were last used, and forget those that are over."""
        now = self._config.now_ms()
        for over in [s for s in self.sessions.values() if s.until_ms <= now]:
            self._forget_session(over)
        rows = [(one.seen_ms, one.id) for one in self.sessions.values()]

        def job(conn: sqlite3.Connection) -> None:
            conn.executemany("UPDATE session SET seen = ? WHERE id = ?", rows)
            conn.execute("DELETE FROM session WHERE until <= ?", (now,))

        await self._config.write(job)

    async def drop_session(self, session: str, by: str) -> None:
        """End a session or token."""
        gone = self.sessions.get(session)
        if gone is not None:
            self._forget_session(gone)
        await self._write(
            "DELETE FROM session WHERE id = ?",
            (session,),
            by,
            Phrase("audit.session_ended"),
            gone.name if gone else "",
        )

    async def put_passkey(self, passkey: Passkey, by: str) -> None:
        """Add a passkey, or note its use."""
        known = passkey.id in self.passkeys
        await self._write(
            "INSERT OR REPLACE INTO passkey VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(passkey.id, passkey.member, passkey.name, passkey.key, passkey.uses),
                passkey.since_ms,
            ),
            by,
            Phrase("audit.passkey_used" if known else "audit.passkey_added"),
            passkey.name,
        )
        self.passkeys[passkey.id] = passkey

    async def drop_passkey(self, passkey: bytes, by: str) -> None:
        """Remove a passkey."""
        gone = self.passkeys.pop(passkey, None)
        await self._write(
            "DELETE FROM passkey WHERE id = ?",
            (passkey,),
            by,
            Phrase("audit.passkey_removed"),
            gone.name if gone else "",
        )

    async def put_push(self, target: PushTarget, by: str) -> None:
        """Add or change a browser's wish to be told."""
        await self._write(
            "INSERT OR REPLACE INTO push VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(target.endpoint, target.member, target.client, target.p256dh, target.auth),
                *(json.dumps(target.topics), target.since_ms),
            ),
            by,
            Phrase("audit.push_subscribed"),
            "",
        )
        self.push[target.endpoint] = target

    async def drop_push(self, endpoint: str, by: str) -> None:
        """Tell a browser no more."""
        self.push.pop(endpoint, None)
        await self._write(
            "DELETE FROM push WHERE endpoint = ?",
            (endpoint,),
            by,
            Phrase("audit.push_unsubscribed"),
            "",
        )

    def _forget_session(self, session: Session) -> None:
        self.sessions.pop(session.id, None)
        self._by_hash.pop(session.hash, None)

    async def _write(
        self, sql: str, values: tuple[object, ...], by: str, action: Phrase, detail: str
    ) -> None:
        now = self._config.now_ms()

        def job(conn: sqlite3.Connection) -> None:
            conn.execute(sql, values)
            add_audit(conn, now, by, action, detail)

        await self._config.write(job)

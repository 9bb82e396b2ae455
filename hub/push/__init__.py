"""Web Push: telling browsers while the app is closed (RFC 8030, 8291, 8292)."""

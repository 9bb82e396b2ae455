"""Backup and restore: one encrypted file that holds all a hub keeps (docs/backup.md)."""

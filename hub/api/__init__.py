"""The API over the home's network, and the app that it serves. Imported late, see service.py."""

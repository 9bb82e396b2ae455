"""The command line: `moodsync COMMAND`; one file a group of commands."""

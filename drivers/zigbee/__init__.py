"""Lamps, plugs, sensors and buttons on a Zigbee network, through a stick of the hub's own.

driver.py      the driver: runs the network, keeps devices current, executes commands
radio.py       opening and closing a stick, whatever its maker; which network it may hold
household.py   the network's nodes as devices
parts.py       a node's endpoints as one or more devices: capabilities and state
readings.py    what clusters measure, in the hub's units
lights.py      colour and level, both ways
commands.py    a command as cluster commands
together.py    one multicast for many lamps
setting_up.py  binding, reporting, zone enrolment of a new device
presence.py    who is there
buttons.py     what a remote control means
operations.py  what people do with the network: join, remove, back up
arguments.py   what these need to be told
quirks.py      what makers do differently, where zha-quirks is installed
notes.py       which nodes are set up
ledger.py      what zigpy writes to its database, and how often
chatter.py     what the libraries log
"""

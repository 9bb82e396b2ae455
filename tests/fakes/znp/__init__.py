"""A Zigbee house without radio: a Z-Stack 3 coordinator on TCP, and lamps, plugs and sensors.

mt.py       frames of TI's Monitor and Test API
memory.py   the coordinator's non-volatile memory
stick.py    the coordinator
air.py      what carries frames between it and the nodes: delay, loss, silence
zcl.py      Zigbee Cluster Library frames and types
node.py     a node: ZDO, attributes, reporting, binding, groups
kinds.py    lamps, plugs, sensors, buttons
house.py    all of it in a thread of its own
"""

// An emulated Z-Wave stick and its nodes, made from the emulator that zwave-js ships, with a
// control port (HTTP, JSON) through which a test is the house: somebody at the wall switch, an
// opened door, a device out of reach, a stick that is pulled out.
//
// usage: node zwave_stick.cjs STICK_PORT CONTROL_PORT CONFIG [HOW_MANY_MORE_DIMMERS]
"use strict";
const http = require("node:http");
const path = require("node:path");
const { createRequire } = require("node:module");

const zwave = createRequire(require.resolve("zwave-js/package.json"));
// The emulator advertises itself by mDNS; nothing here may leave the loopback.
const silent = async () => {};
zwave("@homebridge/ciao").getResponder = () => ({
  createService: () => ({ advertise: silent, end: silent, destroy: silent }),
  shutdown: silent,
});
const { MockServer } = zwave("zwave-js/Testing");
const core = zwave("@zwave-js/core");
const CC = core.CommandClasses;
const cc = zwave("@zwave-js/cc");
const serialapi = zwave("@zwave-js/serial/serialapi");
const { createMockZWaveRequestFrame: request } = zwave("@zwave-js/testing");

// In 15.29.0 the emulator's ColorSwitchCCSet.from writes into a table that does not exist yet.
const component = Object.fromEntries(Object.entries(cc.ColorComponentMap).map(([k, v]) => [v, k]));
cc.ColorSwitchCCSet.from = (raw, context) => {
  const table = {};
  for (let i = 0; i < (raw.payload[0] & 31); i++) {
    table[component[raw.payload[1 + 2 * i]]] = raw.payload[2 + 2 * i];
  }
  return new cc.ColorSwitchCCSet({ nodeId: context.sourceNodeId, ...table });
};

// As the emulator names its states.
const INCLUSION = "inclusionState";
const ADDING = 1;

const lost = new Set(); // nodes out of reach
const readings = { temperature: 21.5, light: 120, power: 0 };
let batteryLevel = 80;

// TCP may join or split frames; the emulator wants one whole frame each time.
let pending = Buffer.alloc(0);
const reframe = {
  async onHostData(controller, data) {
    pending = Buffer.concat([pending, Buffer.from(data)]);
    while (pending.length) {
      let length = 1;
      if (pending[0] === 0x01) {
        if (pending.length < 2 || pending.length < pending[1] + 2) break;
        length = pending[1] + 2;
      }
      const frame = pending.subarray(0, length);
      pending = pending.subarray(length);
      if (frame[0] === 0x01) void controller.serialOnData(new Uint8Array(frame)).catch(complain);
      else if ([0x06, 0x15].includes(frame[0])) void controller.serialOnData(frame[0]);
    }
    return true;
  },
};
const complain = (error) => console.error(error?.message ?? error);

// The emulator lets nodes join, but takes a second "stop" for a new start.
const stopped = {
  async onHostMessage(controller, msg) {
    if (!(msg instanceof serialapi.AddNodeToNetworkRequest)) return false;
    if (msg.addNodeType !== serialapi.AddNodeType.Stop) return false;
    if (controller.state.get(INCLUSION) === ADDING) return false;
    if (msg.callbackId) {
      await controller.sendMessageToHost(new serialapi.AddNodeToNetworkRequestStatusReport({
        callbackId: msg.callbackId, status: serialapi.AddNodeStatus.Done, nodeId: 0 }));
    }
    return true;
  },
};
// Leaving is missing from it.
let leaving;
let removing = 0;
const leave = {
  async onHostMessage(controller, msg) {
    if (!(msg instanceof serialapi.RemoveNodeFromNetworkRequest)) return false;
    const tell = (status, nodeId) =>
      controller.sendMessageToHost(
        new serialapi.RemoveNodeFromNetworkRequestStatusReport({
          callbackId: msg.callbackId || removing, status, nodeId,
        }),
      );
    const status = serialapi.RemoveNodeStatus;
    if (msg.removeNodeType === serialapi.RemoveNodeType.Stop) {
      removing = 0;
      if (msg.callbackId) await tell(status.Done, 0);
      return true;
    }
    removing = msg.callbackId;
    await tell(status.Ready);
    takeOut = async (nodeId) => {
      await tell(status.NodeFound);
      await tell(status.RemovingSlave, nodeId);
      controller.removeNode?.(nodeId);
      controller.nodes.delete(nodeId);
      await tell(status.Done, nodeId);
    };
    if (leaving) { const id = leaving; leaving = undefined; void takeOut(id).catch(complain); }
    return true;
  },
};
let takeOut;

const dimmer = (id) => ({
  id,
  capabilities: {
    genericDeviceClass: 0x11, specificDeviceClass: 0x01,
    commandClasses: [
      CC.Version, CC["Manufacturer Specific"],
      { ccId: CC["Multilevel Switch"], isSupported: true, version: 4, defaultValue: 0, primarySwitchType: 2 },
    ],
  },
});
const nodes = [
  { id: 2, capabilities: { // a lamp with colour and two whites
      genericDeviceClass: 0x11, specificDeviceClass: 0x01,
      manufacturerId: 0xfff0, productType: 1, productId: 1,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Multilevel Switch"], isSupported: true, version: 4, defaultValue: 0, primarySwitchType: 2 },
        { ccId: CC["Color Switch"], isSupported: true, version: 3, colorComponents: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 } },
        { ccId: CC["Node Naming and Location"], isSupported: true, version: 1, name: "Reading lamp", location: "Study" },
      ] } },
  { id: 3, capabilities: { // a plug that meters
      genericDeviceClass: 0x10, specificDeviceClass: 0x01,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Binary Switch"], isSupported: true, version: 2, defaultValue: false },
        { ccId: CC.Meter, isSupported: true, version: 4, meterType: 1, supportedScales: [0, 2, 4, 5],
          supportedRateTypes: [1], supportsReset: false,
          getValue: (scale) => ({ 0: 12.5, 2: readings.power, 4: 230, 5: 0.1 })[scale] },
      ] } },
  { id: 4, capabilities: { // a multisensor on a battery (kept awake)
      genericDeviceClass: 0x21, specificDeviceClass: 0x01,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Multilevel Sensor"], isSupported: true, version: 11,
          sensors: { 1: { supportedScales: [0, 1] }, 3: { supportedScales: [1] } },
          getValue: (type) => (type === 3 ? readings.light : readings.temperature) },
        { ccId: CC["Binary Sensor"], isSupported: true, version: 2, supportedSensorTypes: [12], getValue: () => false },
        { ccId: CC.Battery, isSupported: true, version: 1 },
      ] } },
  { id: 5, capabilities: { // a lock
      genericDeviceClass: 0x40, specificDeviceClass: 0x03,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Door Lock"], isSupported: true, version: 4 },
      ] } },
  { id: 6, capabilities: { // a door contact, a motion detector and a leak detector in one
      genericDeviceClass: 0x07, specificDeviceClass: 0x01,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC.Notification, isSupported: true, version: 8, supportsV1Alarm: false,
          notificationTypesAndEvents: { 6: [0x16, 0x17], 7: [3, 8], 5: [2], 1: [2] } },
      ] } },
  { id: 7, capabilities: { // a blind
      genericDeviceClass: 0x11, specificDeviceClass: 0x06,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Multilevel Switch"], isSupported: true, version: 4, defaultValue: 0, primarySwitchType: 3 },
      ] } },
  { id: 8, capabilities: { // a strip of two plugs
      genericDeviceClass: 0x10, specificDeviceClass: 0x04,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Multi Channel"], isSupported: true, version: 4 },
        { ccId: CC["Binary Switch"], isSupported: true, version: 2, defaultValue: false },
      ],
      endpoints: [1, 2].map(() => ({
        genericDeviceClass: 0x10, specificDeviceClass: 0x01,
        commandClasses: [{ ccId: CC["Binary Switch"], isSupported: true, version: 2, defaultValue: false }],
      })) } },
  { id: 9, capabilities: { // a button
      genericDeviceClass: 0x18, specificDeviceClass: 0x01,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Central Scene"], isSupported: true, version: 3 },
      ] } },
  { id: 10, capabilities: { // a radiator valve
      genericDeviceClass: 0x08, specificDeviceClass: 0x06,
      commandClasses: [
        CC.Version, CC["Manufacturer Specific"],
        { ccId: CC["Thermostat Setpoint"], isSupported: true, version: 3,
          setpoints: { 1: { minValue: 8, maxValue: 28, defaultValue: 20, scale: "°C" } } },
      ] } },
];
for (let more = 0; more < Number(process.argv[5] ?? 0); more++) nodes.push(dimmer(20 + more));

// What the emulated devices answer besides what the emulator knows.
const answers = {
  async handleCC(controller, self, received) {
    if (lost.has(self.id)) return { action: "stop" };
    const nodeId = controller.ownNodeId;
    if (received instanceof cc.BatteryCCGet) {
      return { action: "sendCC", cc: new cc.BatteryCCReport({ nodeId, level: batteryLevel, isLow: false }) };
    }
    if (received instanceof cc.CentralSceneCCSupportedGet) {
      // Two scenes, alike, of which one byte tells the key attributes 0 to 3.
      return { action: "sendCC", cc: plain(new cc.CentralSceneCCSupportedReport({
        nodeId, sceneCount: 2, supportsSlowRefresh: false,
        supportedKeyAttributes: { 1: [0, 1, 2, 3], 2: [0, 1, 2, 3] } }), [2, 0b011, 0b1111]) };
    }
    if (received instanceof cc.ThermostatSetpointCCSet) { // the emulator refuses every value
      self.state.set(`ThermostatSetpoint_setpoint_${received.setpointType}`, received.value);
      return { action: "ok" };
    }
    if (received instanceof cc.MultilevelSwitchCCSet) { // "as before" is beyond the emulator
      const now = self.state.get("MultilevelSwitch_currentValue") ?? 0;
      if (now > 0) self.state.set("before", now);
      if (received.targetValue === 255) {
        self.state.set("MultilevelSwitch_currentValue", self.state.get("before") ?? 99);
        return { action: "ok" };
      }
    }
    if (received instanceof cc.NotificationCCGet) {
      return { action: "sendCC", cc: new cc.NotificationCCReport({
        nodeId, notificationType: received.notificationType ?? 7, notificationEvent: 0, notificationStatus: 255 }) };
    }
    return undefined;
  },
};

// A device that joins by the PIN that is printed on it. Of the emulator's own, none does: they show
// the whole key, of which the PIN is the first two bytes, and say only once which keys they take,
// before anybody can have entered a PIN. Real ones say it again every 10 s (SDS13783, KEX Set).
const AGAIN_MS = 300;
const BOOTSTRAP = "Security2_bootstrapState";
const HANDSHAKE = 1;
const byPin = {
  async handleCC(controller, self, received) {
    const nodeId = controller.ownNodeId;
    const keys = self.securityManagers.securityManager2;
    if (received instanceof cc.Security2CCPublicKeyReport && received.includingNode) {
      const { publicKey, privateKey } = self.ecdhKeyPair;
      const secret = await core.deriveSharedECDHSecret({ publicKey: received.publicKey, privateKey });
      const derived = await core.deriveTempKeys(await core.computePRK(secret, received.publicKey, publicKey));
      keys.tempKeys.set(nodeId, {
        keyCCM: derived.tempKeyCCM, personalizationString: derived.tempPersonalizationString });
      void takeKeys(controller, self).catch(complain);
      return { action: "stop" };
    }
    if (received instanceof cc.Security2CCKEXFail) {
      self.state.delete(BOOTSTRAP);
      return { action: "stop" };
    }
    return undefined;
  },
  async transformResponse(controller, self, received, response) {
    const byPinNow = self.state.get(BOOTSTRAP)?.grantedKeys?.some((one) => one > 0);
    if (response.cc instanceof cc.Security2CCPublicKeyReport && byPinNow) {
      response.cc.publicKey = Uint8Array.from(self.ecdhKeyPair.publicKey);
      response.cc.publicKey.fill(0, 0, 2);
    }
    return response;
  },
};
async function takeKeys(controller, self) {
  const nodeId = controller.ownNodeId;
  const handshake = () => self.state.get(BOOTSTRAP)?.stage === HANDSHAKE;
  for (; handshake(); await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))) {
    self.securityManagers.securityManager2.deleteNonce(nodeId);
    const nonce = self.expectControllerFrame(
      ({ payload }) => payload instanceof cc.Security2CCNonceReport && payload.SOS, { timeout: 1000 });
    await self.sendToController(request(new cc.Security2CCNonceGet({ nodeId }), { ackRequested: false }));
    if (!(await nonce.then(() => true, () => false)) || !handshake()) continue;
    const takes = new cc.Security2CCKEXSet({
      nodeId, echo: true, permitCSA: false, grantedKeys: [...self.state.get(BOOTSTRAP).grantedKeys],
      selectedKEXScheme: cc.KEXSchemes.KEXScheme1, selectedECDHProfile: cc.ECDHProfiles.Curve25519 });
    const sealed = cc.Security2CC.encapsulate(takes, self.id, self.securityManagers);
    await self.sendToController(request(sealed, { ackRequested: false }));
  }
}

// zwave-js never sends what only devices send: some of it knows no way to its bytes.
const plain = (command, bytes) => Object.assign(command, { payload: zwave("@zwave-js/shared").Bytes.from(bytes) });

const send = (server, id, command) =>
  server.mockNodes.find((n) => n.id === id).sendToController(request(command, { ackRequested: false }));

const actions = {
  // Somebody at the device itself.
  switch: (s, { node, on }) => {
    s.mockNodes.find((n) => n.id === node).state.set("BinarySwitch_currentValue", on);
    return send(s, node, new cc.BinarySwitchCCReport({ nodeId: 1, currentValue: on, targetValue: on }));
  },
  level: (s, { node, level }) => {
    s.mockNodes.find((n) => n.id === node).state.set("MultilevelSwitch_currentValue", level);
    return send(s, node, new cc.MultilevelSwitchCCReport({ nodeId: 1, currentValue: level, targetValue: level }));
  },
  sensor: (s, { node, type, scale, value }) =>
    send(s, node, new cc.MultilevelSensorCCReport({ nodeId: 1, type, scale, value })),
  binary: (s, { node, type, value }) => send(s, node, new cc.BinarySensorCCReport({ nodeId: 1, type, value })),
  meter: (s, { node, scale, value }) =>
    send(s, node, new cc.MeterCCReport({ nodeId: 1, type: 1, rateType: 1, scale, value, deltaTime: 0 })),
  battery: (s, { node, level, low }) => {
    batteryLevel = level;
    return send(s, node, new cc.BatteryCCReport({ nodeId: 1, level, isLow: low }));
  },
  lock: (s, { node, locked }) => {
    s.mockNodes.find((n) => n.id === node).state.set("DoorLock_currentMode", locked ? 255 : 0);
    return send(s, node, new cc.DoorLockCCOperationReport({
      nodeId: 1, currentMode: locked ? 255 : 0, targetMode: locked ? 255 : 0,
      outsideHandlesCanOpenDoor: [true, true, true, true], insideHandlesCanOpenDoor: [true, true, true, true] }));
  },
  notify: (s, { node, type, event, parameters }) =>
    send(s, node, new cc.NotificationCCReport({
      nodeId: 1, notificationType: type, notificationEvent: event, notificationStatus: 255,
      eventParameters: parameters && Uint8Array.from(parameters) })),
  press: (s, { node, scene, key, sequence }) =>
    send(s, node, plain(new cc.CentralSceneCCNotification({
      nodeId: 1, sequenceNumber: sequence, sceneNumber: scene, keyAttribute: key, slowRefresh: false,
    }), [sequence, key, scene])),
  // A device out of reach, and back.
  lose: (_, { node }) => { lost.add(node); find(node).autoAckControllerFrames = false; },
  find: (_, { node }) => { lost.delete(node); find(node).autoAckControllerFrames = true; },
  // Somebody presses the button of a new device, or of one that shall leave. The order is free.
  // With security classes the device joins by S2; the answer is the PIN that is printed on it.
  join: async (s, { node, classes }) => {
    const keys = await core.generateECDHKeyPair();
    const joining = dimmer(node);
    if (classes) {
      joining.capabilities.securityClasses = new Set(classes);
      joining.capabilities.commandClasses.push(CC["Security 2"], CC["Transport Service"]);
    }
    joining.setup = (made) => {
      made.ecdhKeyPair = keys;
      made.defineBehavior(answers, ...(classes?.some((one) => one > 0) ? [byPin] : []));
      s.mockNodes = s.mockNodes.filter((n) => n.id !== node).concat(made);
    };
    s.mockController.nodePendingInclusion = joining;
    return core.dskToString(keys.publicKey.slice(0, 16)).slice(0, 5);
  },
  leave: (_, { node }) => { if (removing) return takeOut(node); leaving = node; },
  // What the devices themselves have: the witness.
  state: (s) => Object.fromEntries(s.mockNodes.map((n) => [n.id,
    Object.fromEntries([...n.state].filter(([, v]) => ["number", "boolean", "string"].includes(typeof v)))])),
  received: (s, { node }) => find(node).receivedControllerFrames
    .filter((f) => f.payload).map((f) => f.payload.constructor.name),
};

// True once the server has the whole network ready; the wait is limited by who asks.
actions.ready = async (_, { port, limit }) => {
  const { WebSocket } = createRequire(require.resolve("@zwave-js/server"))("ws");
  for (const end = Date.now() + limit; Date.now() < end; ) {
    const done = await new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      socket.on("open", () => {
        socket.send(JSON.stringify({ messageId: "1", command: "set_api_schema", schemaVersion: 35 }));
        socket.send(JSON.stringify({ messageId: "2", command: "start_listening" }));
      });
      socket.on("message", (text) => {
        const { messageId, result } = JSON.parse(text);
        if (messageId !== "2") return;
        resolve(result.state.nodes.length > nodes.length && result.state.nodes.every((n) => n.ready));
        socket.terminate();
      });
    });
    if (done) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
};

let server;
const find = (id) => server.mockNodes.find((n) => n.id === id);

// The network's keys, from the server's configuration: nodes have them once they have joined.
function keysOf(file) {
  const { securityKeys } = JSON.parse(require("node:fs").readFileSync(file, "utf8"));
  return Object.fromEntries(
    Object.entries(securityKeys).map(([name, key]) => [name, Uint8Array.from(Buffer.from(key, "hex"))]),
  );
}

async function start() {
  console.log = () => {}; // the emulator's; `ready` is written past it
  server = new MockServer({
    interface: "127.0.0.1",
    port: Number(process.argv[2]),
    config: {
      controller: { behaviors: [stopped, leave, reframe], securityKeys: keysOf(process.argv[4]) },
      nodes: nodes.map((node) => ({ ...node, behaviors: [answers] })),
    },
  });
  await server.start();
  http.createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    try {
      const { do: what, ...more } = JSON.parse(body);
      const result = await actions[what](server, more);
      res.end(JSON.stringify(result ?? null));
    } catch (error) {
      res.statusCode = 500;
      res.end(String(error?.stack ?? error));
    }
  }).listen(Number(process.argv[3]), "127.0.0.1", () => process.stdout.write("ready\n"));
}
// The emulator does not handle a server that is killed while it writes to it.
process.on("uncaughtException", (error) => {
  if (error.code !== "ECONNRESET" && error.code !== "EPIPE") { complain(error); process.exit(1); }
});
process.stdin.on("end", () => process.exit(0)).resume(); // ends with whoever started it
start().catch((error) => { console.error(error); process.exit(1); });

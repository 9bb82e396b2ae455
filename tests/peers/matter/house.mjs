// A virtual Matter node with a colour lamp, a metering plug and three sensors, by matter.js, and a
// control port (HTTP, JSON) through which a test is the house and reads what the devices have.
//
// usage: node house.mjs CONTROL_HOST CONTROL_PORT --storage-path=FOLDER
import http from "node:http";
import { Endpoint, ServerNode, VendorId } from "@matter/main";
import { ElectricalPowerMeasurementServer } from "@matter/main/behaviors/electrical-power-measurement";
import { ContactSensorDevice } from "@matter/main/devices/contact-sensor";
import { ExtendedColorLightDevice } from "@matter/main/devices/extended-color-light";
import { OccupancySensorDevice } from "@matter/main/devices/occupancy-sensor";
import { OccupancySensingServer } from "@matter/main/behaviors/occupancy-sensing";
import { OnOffPlugInUnitDevice } from "@matter/main/devices/on-off-plug-in-unit";
import { TemperatureSensorDevice } from "@matter/main/devices/temperature-sensor";
import { ElectricalPowerMeasurement } from "@matter/main/clusters/electrical-power-measurement";
import { MeasurementType } from "@matter/main/types";

const [controlHost, controlPort] = process.argv.slice(2, 4);
const node = await ServerNode.create({
  id: "house",
  network: { port: 5540 },
  commissioning: { passcode: 20202021, discriminator: 3840 },
  productDescription: { name: "House", deviceType: ExtendedColorLightDevice.deviceType },
  basicInformation: {
    vendorName: "MoodSync tests", vendorId: VendorId(0xfff1), nodeLabel: "House", productName: "House",
    productLabel: "House", productId: 0x8000, serialNumber: "house-1", uniqueId: "house1",
  },
});
const accuracy = [{
  measurementType: MeasurementType.ActivePower, measured: true, minMeasuredValue: 0,
  maxMeasuredValue: 3_680_000, accuracyRanges: [{ rangeMin: 0, rangeMax: 3_680_000, fixedMax: 1000 }],
}];
const parts = {
  lamp: new Endpoint(ExtendedColorLightDevice, {
    id: "lamp",
    colorControl: {
      colorMode: 2, enhancedColorMode: 2, colorTemperatureMireds: 370, colorTempPhysicalMinMireds: 153, colorTempPhysicalMaxMireds: 454,
      coupleColorTempToLevelMinMireds: 153, startUpColorTemperatureMireds: null,
    },
  }),
  plug: new Endpoint(
    OnOffPlugInUnitDevice.with(ElectricalPowerMeasurementServer.with("AlternatingCurrent")),
    { id: "plug", electricalPowerMeasurement: {
        powerMode: ElectricalPowerMeasurement.PowerMode.Ac, numberOfMeasurementTypes: 1, accuracy,
        activePower: 12_500, voltage: 230_000, activeCurrent: 100 } },
  ),
  temperature: new Endpoint(TemperatureSensorDevice, {
    id: "temperature", temperatureMeasurement: { measuredValue: 2150 } }),
  occupancy: new Endpoint(OccupancySensorDevice.with(OccupancySensingServer.with("PassiveInfrared")), {
    id: "occupancy", occupancySensing: { occupancy: { occupied: false } } }),
  contact: new Endpoint(ContactSensorDevice, { id: "contact", booleanState: { stateValue: true } }),
};
for (const part of Object.values(parts)) await node.add(part);
await node.start();

const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);
http.createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    const { part, set } = JSON.parse(body);
    if (set) await parts[part].set(set);
    const { onOff, levelControl, colorControl, occupancySensing } = parts[part].state;
    response.end(JSON.stringify({ onOff, levelControl, colorControl, occupancySensing }, plain));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error?.stack ?? error));
  }
}).listen(Number(controlPort), controlHost, () => {
  process.stdout.write(`ready ${node.state.commissioning.pairingCodes.manualPairingCode}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();

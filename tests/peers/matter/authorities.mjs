// Writes the test authorities' certificates that matter.js's virtual devices are attested by, as
// the Matter server wants them; the `.version` keeps it from fetching others.
//
// usage: node authorities.mjs FOLDER
import fs from "node:fs";
import path from "node:path";
import { TestCert_PAA_FFF1_Cert, TestCert_PAA_NoVID_Cert } from "@matter/protocol";

const folder = process.argv[2];
fs.mkdirSync(folder, { recursive: true });
for (const [name, certificate] of Object.entries({ FFF1: TestCert_PAA_FFF1_Cert, NoVID: TestCert_PAA_NoVID_Cert })) {
  const der = Buffer.from(certificate);
  const lines = der.toString("base64").match(/.{1,64}/g).join("\n");
  fs.writeFileSync(path.join(folder, `${name}.der`), der);
  fs.writeFileSync(path.join(folder, `${name}.pem`),
    `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}
fs.writeFileSync(path.join(folder, ".version"), "1");

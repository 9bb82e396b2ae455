/** What networks let people do, told from the hub's own description (drivers/operations.py). */

import { t, word, type Key } from "../i18n";
import { en } from "../i18n/en";

export interface Operation {
  driver: string;
  name: string;
  summary: string;
  arguments: Schema;
  limit_s: number;
  destroys: boolean;
}

/** The part of JSON Schema (2020-12) that pydantic makes of an operation's arguments. */
export interface Schema {
  properties?: Record<string, Property>;
  required?: string[];
  $defs?: Record<string, Property>;
}

export interface Property {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  format?: string;
  writeOnly?: boolean;
  enum?: string[];
  anyOf?: Property[];
  $ref?: string;
}

export interface Argument {
  name: string;
  kind: "text" | "secret" | "number" | "yes" | "choice";
  label: string;
  required: boolean;
  first: string;
  options: string[];
  minimum: number | undefined;
  maximum: number | undefined;
}

/** Operations that bring a device in; all else networks can do comes after them. */
const JOINING = ["permit_join", "permit_join_with_code", "commission", "pair", "nearby"];

export function joins(operation: Operation): boolean {
  return JOINING.includes(operation.name);
}

export function titleOf(operation: Operation): string {
  return word("op", operation.name, operation.summary);
}

/** How it is done, where the app knows better than the one line of the driver. */
export function howOf(operation: Operation): string {
  const key = `op.${operation.name}.how`;
  return key in en ? t(key as Key) : operation.summary;
}

/** The fields of an operation's form, in the app's words where it has some for `operation` or for the name alone. */
export function argumentsOf(schema: Schema, operation = ""): Argument[] {
  return Object.entries(schema.properties ?? {}).map(([name, given]) => {
    const property = plain(given, schema);
    const choices = property.enum ?? [];
    return {
      name,
      kind: kindOf(property),
      label: word(`arg.${operation}`, name, word("arg", name, property.description ?? name.replaceAll("_", " "))),
      required: schema.required?.includes(name) ?? false,
      first: given.default === undefined || given.default === null ? "" : String(given.default),
      options: choices,
      minimum: property.minimum,
      maximum: property.maximum,
    };
  });
}

/** What was typed as the arguments to send; what is empty and optional is left out. */
export function sentOf(list: readonly Argument[], typed: Record<string, string>): Record<string, unknown> {
  const sent: Record<string, unknown> = {};
  for (const one of list) {
    const text = typed[one.name] ?? one.first;
    if (text === "" && !one.required) continue;
    sent[one.name] = one.kind === "number" ? Number(text) : one.kind === "yes" ? text === "true" : text;
  }
  return sent;
}

/** For how long the network is open: what was asked, else the operation's own limit. */
export function lastsS(operation: Operation, sent: Record<string, unknown>): number {
  return typeof sent.seconds === "number" ? sent.seconds : operation.limit_s;
}

function kindOf(property: Property): Argument["kind"] {
  if (property.enum) return "choice";
  if (property.format === "password" || property.writeOnly) return "secret";
  if (property.type === "integer" || property.type === "number") return "number";
  return property.type === "boolean" ? "yes" : "text";
}

function plain(property: Property, schema: Schema): Property {
  const some = property.anyOf?.find((one) => one.type !== "null");
  const ref = (some ?? property).$ref;
  const found = ref ? schema.$defs?.[ref.split("/").at(-1)!] : undefined;
  const { anyOf: _, ...rest } = property;
  return { ...rest, ...some, ...found, ...(property.description ? { description: property.description } : {}) };
}

import { common } from "./common";
import { house } from "./house";
import { people } from "./people";
import { rooms } from "./rooms";
import { rules } from "./rules";
import { settings } from "./settings";
import { shell } from "./shell";
import { welcome } from "./welcome";
import type { Messages } from "..";

export const de: Messages = { ...common, ...rules, ...people, ...rooms, ...settings, ...house, ...shell, ...welcome };

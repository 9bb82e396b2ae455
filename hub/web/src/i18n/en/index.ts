import { common } from "./common";
import { people } from "./people";
import { rooms } from "./rooms";
import { rules } from "./rules";
import { settings } from "./settings";
import { welcome } from "./welcome";

export const en = { ...common, ...rules, ...people, ...rooms, ...settings, ...welcome } as const;

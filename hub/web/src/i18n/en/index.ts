import { common } from "./common";
import { people } from "./people";
import { rooms } from "./rooms";
import { rules } from "./rules";
import { settings } from "./settings";

export const en = { ...common, ...rules, ...people, ...rooms, ...settings } as const;

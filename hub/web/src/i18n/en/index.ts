import { common } from "./common";
import { people } from "./people";
import { rooms } from "./rooms";
import { rules } from "./rules";

export const en = { ...common, ...rules, ...people, ...rooms } as const;

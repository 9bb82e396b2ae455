import { common } from "./common";
import { people } from "./people";
import { rules } from "./rules";

export const en = { ...common, ...rules, ...people } as const;

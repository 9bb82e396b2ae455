import { common } from "./common";
import { people } from "./people";
import { rules } from "./rules";
import type { Messages } from "..";

export const de: Messages = { ...common, ...rules, ...people };

import { common } from "./common";
import { rules } from "./rules";
import type { Messages } from "..";

export const de: Messages = { ...common, ...rules };

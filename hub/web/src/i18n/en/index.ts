import { common } from "./common";
import { rules } from "./rules";

export const en = { ...common, ...rules } as const;

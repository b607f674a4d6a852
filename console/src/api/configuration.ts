/** Reads and changes what the server synchronizes and transfers, and how fast. */

import { get, patch } from "./client";
import type { Configuration } from "./types";

export const configuration = (): Promise<Configuration> => get<Configuration>("content/configuration");
export const configure = (model: Configuration): Promise<void> => patch("content/configuration", model);

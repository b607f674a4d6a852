/** Formats numbers, sizes and times for people. */

import { language, t } from "./text";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

export const number = (value: number): string => new Intl.NumberFormat(language).format(value);
export const percent = (part: number): string => new Intl.NumberFormat(language, { style: "percent" }).format(part);

export function size(bytes: number | undefined): string {
  if (bytes === undefined) return "–";
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${UNITS[power]}`;
}

export function time(value: string | undefined): string {
  if (!value) return "–";
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));
}

/** How long ago something was, or how long it is until then. */
export function ago(value: string | undefined): string {
  if (!value) return t("never");
  const seconds = (new Date(value).getTime() - Date.now()) / 1000;
  const [unit, length] = STEPS.find(([, least]) => Math.abs(seconds) >= least) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

export function duration(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  const unit = whole < 60 ? "second" : whole < 3600 ? "minute" : "hour";
  const value = Math.ceil(whole / { second: 1, minute: 60, hour: 3600 }[unit]);
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** Reads and changes notes and labels. */

import { get, patch, path } from "./client";
import type { Annotation, AnnotationChange, Label, LabelUse } from "./types";

export const ofItem = (id: string): Promise<Annotation> => get<Annotation>(path`contentlib/library/item/${id}/labels`);
export const ofLibrary = (id: string): Promise<Annotation> => get<Annotation>(path`contentlib/library/${id}/labels`);
export const changeItem = (id: string, change: AnnotationChange): Promise<void> => patch(path`contentlib/library/item/${id}/labels`, change);
export const changeLibrary = (id: string, change: AnnotationChange): Promise<void> => patch(path`contentlib/library/${id}/labels`, change);
export const labelsInUse = (): Promise<LabelUse[]> => get<LabelUse[]>("contentlib/labels");

/** A label as people write it: key=value, or the key alone. */
export const written = ({ key, value }: Label): string => (value ? `${key}=${value}` : key);

/** Labels that people have written, one in a line. */
export function read(text: string): Label[] {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.map((line) => {
    const [key = "", ...value] = line.split("=");
    return { key: key.trim(), value: value.join("=").trim() };
  });
}

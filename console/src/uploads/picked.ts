/** Reads the files that a person drops or chooses, folders included, and makes packages of them: one for each item. */

export interface Picked {
  file: File;
  /** Lets the console read the file again after a reload, where the browser has it. */
  handle?: FileSystemFileHandle;
}

/** The files of an item. */
export interface Package {
  name: string;
  type: string;
  files: readonly Picked[];
}

const PARTS_OF_OVF = /\.(vmdk|mf|cert|nvram|iso|img|vhd|xml|strings|msg)$/i;

/** The dropped files. It must be called while the event is handled, as the browser forgets them afterwards. */
export async function dropped(data: DataTransfer): Promise<Picked[]> {
  const found = [...data.items].filter(({ kind }) => kind === "file").map(read);
  return (await Promise.all(found)).flat();
}

export function chosen(input: HTMLInputElement): Picked[] {
  return [...(input.files ?? [])].map((file) => ({ file }));
}

async function read(item: DataTransferItem): Promise<Picked[]> {
  const handle = (item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }).getAsFileSystemHandle?.();
  const [entry, file] = [item.webkitGetAsEntry(), item.getAsFile()];
  if (entry?.isDirectory) return inFolder(entry as FileSystemDirectoryEntry);
  if (!file) return [];
  const found = await handle?.catch(() => null);
  return [found?.kind === "file" ? { file, handle: found as FileSystemFileHandle } : { file }];
}

async function inFolder(folder: FileSystemDirectoryEntry): Promise<Picked[]> {
  const reader = folder.createReader();
  const found: Picked[] = [];
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return found; // a reader returns a part of a large folder at a time
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await inFolder(entry as FileSystemDirectoryEntry)));
      else found.push({ file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) });
    }
  }
}

/** An OVF descriptor and the files beside it are one item, every other file is an item of its own. */
export function packages(picked: readonly Picked[]): Package[] {
  const descriptors = picked.filter(({ file }) => /\.ovf$/i.test(file.name));
  const only = descriptors.length === 1 ? descriptors[0] : undefined;
  if (!only) return picked.map(alone);
  const parts = picked.filter((each) => each === only || PARTS_OF_OVF.test(each.file.name));
  const others = picked.filter((each) => !parts.includes(each));
  return [{ name: stem(only.file.name), type: "ovf", files: parts }, ...others.map(alone)];
}

function alone(picked: Picked): Package {
  const { name } = picked.file;
  const type = /\.(ova|ovf)$/i.test(name) ? "ovf" : /\.iso$/i.test(name) ? "iso" : "";
  return { name: stem(name), type, files: [picked] };
}

function stem(name: string): string {
  return name.replace(/(?<=.)\.[^.]+$/, "");
}

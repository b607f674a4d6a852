/** Reads the files that a person drops or chooses, folders included, and makes packages of them: one for each item. */

export interface Picked {
  file: File;
  /** Lets the console read the file again after a reload, where the browser has it. */
  handle?: FileSystemFileHandle;
  /** Where it lay in what was dropped. */
  folder?: string;
}

/** The files of an item. */
export interface Package {
  name: string;
  type: string;
  files: readonly Picked[];
}

const LARGEST_DESCRIPTOR = 16 << 20;
const REFERENCE = /<(?:\w+:)?File\s[^>]*?\bhref\s*=\s*["']([^"']+)["']/g;
const CHUNK = /\.\d{9}$/; // a part of a file that the descriptor says is split
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

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
      else found.push({ file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)), folder: folder.fullPath });
    }
  }
}

/** An OVF descriptor, the files beside it that it names, its manifest and its certificate are one item. Every other file is its own. */
export async function packages(picked: readonly Picked[]): Promise<Package[]> {
  const found: Package[] = [];
  const used = new Set<Picked>();
  for (const descriptor of picked.filter(({ file }) => /\.ovf$/i.test(file.name))) {
    const names = await namesOf(descriptor.file);
    const belongs = ({ name }: File): boolean => names.has(name) || names.has(name.replace(CHUNK, ""));
    const beside = picked.filter((each) => each.folder === descriptor.folder && belongs(each.file) && !used.has(each));
    const files = [descriptor, ...beside];
    files.forEach((each) => used.add(each));
    found.push({ name: stem(descriptor.file.name), type: "ovf", files });
  }
  return [...found, ...picked.filter((each) => !used.has(each)).map(alone)];
}

/** The names of the files that belong to an OVF descriptor. */
async function namesOf(descriptor: File): Promise<Set<string>> {
  const text = await descriptor.slice(0, LARGEST_DESCRIPTOR).text().catch(() => ""); // it is told when it is sent
  const named = [...text.matchAll(REFERENCE)].map(([, href]) => unescaped(href ?? "").replace(/^\.\//, ""));
  const own = [".mf", ".cert"].map((ending) => stem(descriptor.name) + ending);
  return new Set([...named, ...own]);
}

function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

function alone(picked: Picked): Package {
  const { name } = picked.file;
  const type = /\.(ova|ovf)$/i.test(name) ? "ovf" : /\.iso$/i.test(name) ? "iso" : "";
  return { name: stem(name), type, files: [picked] };
}

function stem(name: string): string {
  return name.replace(/(?<=.)\.[^.]+$/, "");
}

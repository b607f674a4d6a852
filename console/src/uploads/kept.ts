/** Keeps the uploads that have not ended in the browser's database, so that they go on after a reload. */

export interface KeptFile {
  name: string;
  size: number;
  lastModified: number;
  address?: string;
  handle?: FileSystemFileHandle;
}

export interface KeptUpload {
  id: string;
  /** Makes the creation of the session happen once; another attempt has another. */
  attempt: string;
  user: string;
  library: { id: string; name: string };
  item: { id?: string; name: string; type: string; created: boolean };
  session?: string;
  files: KeptFile[];
}

const STORE = "uploads";
let opened: Promise<IDBDatabase> | undefined;

export async function keep(upload: KeptUpload): Promise<void> {
  await done((await store("readwrite")).put(upload));
}

export async function forget(id: string): Promise<void> {
  await done((await store("readwrite")).delete(id));
}

export async function kept(user: string): Promise<KeptUpload[]> {
  const all = await done<KeptUpload[]>((await store("readonly")).getAll());
  return all.filter((each) => each.user === user);
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  opened ??= open();
  return (await opened).transaction(STORE, mode).objectStore(STORE);
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("contentlib", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error(request.error?.message));
  });
}

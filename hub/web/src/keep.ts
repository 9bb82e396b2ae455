/** What this browser keeps: its key, the last known state, and what waits to be sent. IndexedDB. */

const NAME = "moodsync";
const VERSION = 1;
const STORES = ["device", "last", "outbox"] as const;
type Store = (typeof STORES)[number];

let opened: Promise<IDBDatabase> | null = null;

/** Undefined where nothing is kept, also where the browser keeps nothing at all (private windows). */
export async function read<T>(store: Store, key: string): Promise<T | undefined> {
  const db = await database();
  return done(db.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>);
}

export async function readAll<T>(store: Store): Promise<T[]> {
  const db = await database();
  return done(db.transaction(store).objectStore(store).getAll() as IDBRequest<T[]>);
}

export async function write(store: Store, key: string, value: unknown): Promise<void> {
  const db = await database();
  await done(db.transaction(store, "readwrite").objectStore(store).put(value, key));
}

export async function drop(store: Store, key: string): Promise<void> {
  const db = await database();
  await done(db.transaction(store, "readwrite").objectStore(store).delete(key));
}

/** Forget everything: this browser is as it was before it was let in. */
export async function forgetAll(): Promise<void> {
  const db = await database();
  await Promise.all(STORES.map((store) => done(db.transaction(store, "readwrite").objectStore(store).clear())));
}

function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const store of STORES) if (!asked.result.objectStoreNames.contains(store)) asked.result.createObjectStore(store);
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("IndexedDB"));
  }).catch((err: unknown) => {
    opened = null;
    throw err;
  });
  return opened;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}
